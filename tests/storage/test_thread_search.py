"""ThreadStore.search and count: whose, which, in which order, which page."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest

from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.thread import Page, Thread, ThreadFilter
from runline.model.viewer import ANONYMOUS, Viewer
from storage.world import ALICE, BOB, World, state

EVERYTHING = ThreadFilter()


async def found(world: World, wanted: ThreadFilter = EVERYTHING, viewer: Viewer = ANONYMOUS, **page: Any) -> list[str]:
    """The names of the threads that match, in order; count must agree."""
    threads = await world.threads.search(viewer, wanted, Page(**{"limit": 1000, **page}))
    if not page:
        assert len(threads) == await world.threads.count(viewer, wanted)
    return [thread.metadata["name"] for thread in threads]


async def named(world: World, *names: str, **metadata: Any) -> list[Thread]:
    return [await world.thread(name=name, **metadata) for name in names]


async def test_a_search_finds_the_viewers_own_threads_only(world: World) -> None:
    await world.thread(viewer=ALICE, name="hers")
    await world.thread(viewer=BOB, name="his")
    assert await found(world, viewer=ALICE) == ["hers"]
    assert await found(world, viewer=BOB) == ["his"]
    assert await found(world) == []


async def test_a_filter_by_id_does_not_reach_over_to_another_owner(world: World) -> None:
    thread = await world.thread(viewer=ALICE, name="hers")
    wanted = ThreadFilter(ids=(thread.thread_id,))
    assert await found(world, wanted, viewer=ALICE) == ["hers"]
    assert await found(world, wanted, viewer=BOB) == []


async def test_a_search_by_ids_finds_those_that_exist(world: World) -> None:
    a, _, c = await named(world, "a", "b", "c")
    assert await found(world, ThreadFilter(ids=(a.thread_id, c.thread_id, new_id()))) == ["c", "a"]


async def test_no_ids_are_no_filter(world: World) -> None:
    await named(world, "a")
    assert await found(world, ThreadFilter(ids=())) == ["a"]


async def test_a_search_by_status_follows_the_runs(world: World) -> None:
    idle, busy, stopped = await named(world, "idle", "busy", "stopped")
    await world.start(busy.thread_id)
    await world.come_to(stopped.thread_id, state(resting=ThreadStatus.INTERRUPTED))
    for status, names in [("idle", ["idle"]), ("busy", ["busy"]), ("interrupted", ["stopped"]), ("error", [])]:
        assert await found(world, ThreadFilter(status=ThreadStatus(status))) == names
    await world.start(idle.thread_id)
    assert await found(world, ThreadFilter(status=ThreadStatus.IDLE)) == []


async def test_a_search_by_metadata_is_containment(world: World) -> None:
    await named(world, "one", user={"id": 1, "roles": ["a", "b"]}, flag=True)
    await named(world, "two", user={"id": 2, "roles": []}, flag=1)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["two", "one"]),
        ({"user": {}}, ["two", "one"]),
        ({"user": {"id": 1}}, ["one"]),
        ({"user": {"roles": ["b"]}}, ["one"]),
        ({"user": {"roles": []}}, ["two", "one"]),
        ({"user": {"roles": "b"}}, []),
        ({"flag": True}, ["one"]),
        ({"flag": 1}, ["two"]),
        ({"name": "one", "user": {"id": 2}}, []),
        ({"missing": None}, []),
    ]
    for metadata, names in cases:
        assert await found(world, ThreadFilter(metadata=metadata)) == names


async def test_a_search_by_values_skips_threads_without_any(world: World) -> None:
    _, with_values = await named(world, "none", "some")
    await world.come_to(with_values.thread_id, state({"n": 1, "list": [{"a": 1, "b": 2}]}))
    assert await found(world, ThreadFilter(values={"n": 1})) == ["some"]
    assert await found(world, ThreadFilter(values={"list": [{"a": 1}]})) == ["some"]
    assert await found(world, ThreadFilter(values={"n": 2})) == []


async def test_quotes_and_wildcards_in_a_filter_are_just_text(world: World) -> None:
    odd = "%_'\"\\{}[]; DROP TABLE threads; --\n"
    await named(world, "odd", text=odd)
    await named(world, "plain", text="x")
    assert await found(world, ThreadFilter(metadata={"text": odd})) == ["odd"]


async def test_all_filters_must_hold(world: World) -> None:
    a, b = await named(world, "a", "b", kind="x")
    await world.start(a.thread_id)
    both = ThreadFilter(ids=(a.thread_id, b.thread_id), metadata={"kind": "x"}, status=ThreadStatus.BUSY)
    assert await found(world, both) == ["a"]


ORDERS = {
    "created_at": "abc",
    "updated_at": "bca",
    "state_updated_at": "cba",
    "thread_id": "cab",
    "status": "abc",  # busy, idle, interrupted
}


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize(("sort_by", "ascending"), ORDERS.items())
async def test_a_search_sorts_by_any_column_either_way(
    world: World, sort_by: str, ascending: str, descending: bool
) -> None:
    ids = dict(zip("cab", sorted(new_id() for _ in range(3)), strict=True))
    for name in "abc":
        await world.thread(ids[name], name=name)
    await world.come_to(ids["c"], state(resting=ThreadStatus.INTERRUPTED))
    await world.come_to(ids["b"], state())
    await world.come_to(ids["a"], state())
    await world.threads.patch(ANONYMOUS, ids["c"], {})
    await world.start(ids["a"])
    order = list(ascending)
    assert await found(world, sort_by=sort_by, descending=descending) == (order[::-1] if descending else order)


@pytest.mark.parametrize("sort_by", ["updated_at", "status"])
@pytest.mark.parametrize("descending", [True, False])
async def test_pages_cover_everything_once_also_when_rows_are_equal(
    world: World, sort_by: str, descending: bool
) -> None:
    names = [str(number) for number in range(23)]
    await named(world, *names)
    pages = [
        await found(world, limit=5, offset=offset, sort_by=sort_by, descending=descending) for offset in range(0, 30, 5)
    ]
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3, 0]
    assert sorted(chain(*pages), key=int) == names
