"""ThreadStore: one row per thread, in the scope of its owner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from runline.errors import Conflict, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.thread import Page, ThreadFilter
from runline.model.viewer import ANONYMOUS
from runline.storage.threads import ThreadStore
from storage.world import ALICE, BOB, World, state


async def test_a_new_thread_is_idle_and_empty(world: World) -> None:
    thread = await world.threads.create(ALICE, None, {"topic": "x"}, exist_ok=False)
    assert (thread.status, thread.owner, thread.metadata, thread.config) == (
        ThreadStatus.IDLE,
        "alice",
        {"topic": "x"},
        {},
    )
    assert (thread.values, thread.interrupts, thread.error) == (None, None, None)
    assert thread.created_at == thread.updated_at == thread.state_updated_at
    assert await world.threads.get(ALICE, thread.thread_id) == thread


async def test_a_thread_may_be_given_its_id_in_any_spelling_of_it(world: World) -> None:
    thread_id = new_id()
    await world.thread(thread_id)
    assert (await world.get_thread(thread_id.replace("-", ""))).thread_id == thread_id


async def test_an_id_that_is_taken_is_a_conflict(world: World) -> None:
    thread = await world.thread(topic="x")
    with pytest.raises(Conflict, match=f"^Thread with ID {thread.thread_id} already exists$"):
        await world.thread(thread.thread_id)
    assert await world.get_thread(thread.thread_id) == thread


async def test_an_existing_thread_is_returned_untouched_if_that_is_wanted(world: World) -> None:
    thread = await world.thread(topic="x")
    again = await world.threads.create(ANONYMOUS, thread.thread_id, {"topic": "y"}, exist_ok=True)
    assert again == thread


@pytest.mark.parametrize("exist_ok", [True, False])
async def test_the_id_of_somebody_elses_thread_is_a_conflict_in_any_case(world: World, exist_ok: bool) -> None:
    thread = await world.thread(viewer=ALICE)
    with pytest.raises(Conflict):
        await world.threads.create(BOB, thread.thread_id, {}, exist_ok=exist_ok)


ByOne = Callable[[ThreadStore, str], Awaitable[Any]]
BY_ONE: dict[str, ByOne] = {
    "get": lambda threads, thread_id: threads.get(BOB, thread_id),
    "patch": lambda threads, thread_id: threads.patch(BOB, thread_id, {"topic": "mine"}),
    "delete": lambda threads, thread_id: threads.delete(BOB, thread_id),
}


@pytest.mark.parametrize("call", BY_ONE.values(), ids=BY_ONE)
@pytest.mark.parametrize("exists", [True, False])
async def test_somebody_elses_thread_is_not_found_and_stays_as_it_is(world: World, call: ByOne, exists: bool) -> None:
    thread_id = (await world.thread(viewer=ALICE)).thread_id if exists else new_id()
    before = await world.all_rows()
    with pytest.raises(ThreadNotFound, match=f"^Thread with ID {thread_id} not found$"):
        await call(world.threads, thread_id)
    assert await world.all_rows() == before


async def test_patch_merges_metadata_key_by_key(world: World) -> None:
    thread = await world.thread(kept=1, changed={"a": 1}, removed=2)
    patched = await world.threads.patch(
        ANONYMOUS, thread.thread_id, {"changed": {"b": 2}, "added": [3], "removed": None}
    )
    assert patched.metadata == {"kept": 1, "changed": {"b": 2}, "added": [3], "removed": None}
    assert patched.updated_at > thread.updated_at
    assert await world.get_thread(thread.thread_id) == patched


async def test_an_empty_patch_counts_as_a_change(world: World) -> None:
    thread = await world.thread()
    assert (await world.threads.patch(ANONYMOUS, thread.thread_id, {})).updated_at > thread.updated_at


async def test_a_patch_leaves_the_status_of_a_busy_thread_alone(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    assert (await world.threads.patch(ANONYMOUS, run.thread_id, {"a": 1})).status is ThreadStatus.BUSY


async def test_delete_takes_the_runs_along_and_tells_which_were_active(world: World) -> None:
    thread = await world.thread()
    await world.finish(await world.start(thread.thread_id))
    running, pending = await world.start(thread.thread_id), await world.add(thread.thread_id)
    other = await world.start(new_id(), create_thread=True)
    active = await world.threads.delete(ANONYMOUS, thread.thread_id)
    assert {run.run_id for run in active} == {running.run_id, pending.run_id}
    threads, runs = await world.all_rows()
    assert [row.thread_id for row in threads] == [other.thread_id]
    assert [row.run_id for row in runs] == [other.run_id]


async def test_a_copy_is_an_own_thread_at_the_given_state(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, metadata={"topic": "x"}, config={"tags": ["t"]})
    source = await world.get_thread(run.thread_id)
    copy = await world.threads.copy(
        BOB, source, new_id(), state({"n": 1}, ThreadStatus.INTERRUPTED, interrupts={"t": []})
    )
    assert copy.thread_id != source.thread_id
    assert (copy.metadata, copy.config) == (source.metadata, source.config)
    assert (copy.owner, copy.status) == ("bob", ThreadStatus.INTERRUPTED)
    assert (copy.values, copy.interrupts, copy.error) == ({"n": 1}, {"t": []}, None)
    assert await world.get_thread(copy.thread_id, BOB) == copy
    assert await world.statuses(copy.thread_id) == []
    assert await world.threads.count(ANONYMOUS, ThreadFilter()) == 1


VALUES: list[Any] = [None, {}, [], 0, 7, 1.5, 2**63, False, "", "7", "ü🎉", {"a": [1, {"b": None}]}]


@pytest.mark.parametrize("values", VALUES, ids=repr)
async def test_whatever_a_state_is_can_be_saved_and_read_again(world: World, values: Any) -> None:
    thread = await world.thread()
    await world.come_to(thread.thread_id, state(values))
    assert (await world.get_thread(thread.thread_id)).values == values
    (found,) = await world.threads.search(ANONYMOUS, ThreadFilter(), Page())
    assert found.values == values


async def test_half_of_a_surrogate_pair_in_a_state_does_not_make_the_thread_unreadable(world: World) -> None:
    thread = await world.thread()
    await world.come_to(thread.thread_id, state({"x": "\ud83d"}))
    assert (await world.get_thread(thread.thread_id)).values.keys() == {"x"}
    assert await world.threads.count(ANONYMOUS, ThreadFilter(values={"y": 1})) == 0
