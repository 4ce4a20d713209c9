"""The index of metadata: it finds what a look at every thread would find, through all that changes a thread."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, select

from runline.kit.ids import new_id
from runline.model.lifecycle import StopReason, ThreadStatus
from runline.model.thread import Page, ThreadFilter
from runline.model.viewer import ANONYMOUS, Viewer
from runline.storage import engine
from runline.storage.migrating import migrate
from runline.storage.sqlite import contains
from runline.storage.tables import thread_terms, threads
from storage.test_sqlite_plans import plan
from storage.world import ALICE, ASSISTANT, BOB, IN_SQLITE, World, state

# more than are looked at one by one
MANY = 1001


async def found(world: World, metadata: dict[str, Any], viewer: Viewer = ANONYMOUS, **more: Any) -> set[str]:
    """The ids of the threads that match; count must agree."""
    wanted = ThreadFilter(metadata=metadata, **more)
    threads = await world.threads.search(viewer, wanted, Page(limit=1000))
    assert await world.threads.count(viewer, wanted) == len(threads)
    return {thread.thread_id for thread in threads}


async def terms(world: World) -> int:
    """How many terms are kept."""
    query = select(func.count()).select_from(thread_terms)
    return await world.database.read(lambda connection: connection.execute(query).scalar_one())


def anything(random: Random, depth: int = 3) -> Any:
    """A JSON value of few keys and scalars, so that many are alike."""
    kind = random.choice(["scalar", "scalar", "object", "list"] if depth else ["scalar"])
    if kind == "object":
        return an_object(random, depth - 1)
    if kind == "list":
        return [anything(random, depth - 1) for _ in range(random.randrange(3))]
    return random.choice([None, True, False, 0, 1, 1.0, 0.5, 2**60, 2**70, 1e300, "", "a", "1", "é"])


def an_object(random: Random, depth: int) -> dict[str, Any]:
    return {random.choice("abc"): anything(random, depth) for _ in range(random.randrange(3))}


def undo_terms(connection: Connection) -> None:
    """Go back to the tables as they were before."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "migrations"))
    command.downgrade(config, "0003-1")


@pytest.mark.parametrize("seed", range(5))
async def test_the_index_finds_what_a_look_at_every_thread_would_find(world: World, seed: int) -> None:
    random = Random(seed)
    documents = [an_object(random, 3) for _ in range(40)]
    made = [((await world.thread(**document)).thread_id, document) for document in documents]
    for _ in range(100):
        pattern = an_object(random, 3)
        assert await found(world, pattern) == {
            thread_id for thread_id, document in made if contains(document, pattern)
        }, pattern


async def test_a_change_of_metadata_changes_what_the_thread_is_found_by(world: World) -> None:
    thread = await world.thread(flag=True, kept=1, gone={"deep": [1, 2]})
    await world.threads.patch(ANONYMOUS, thread.thread_id, {"flag": 1, "gone": None, "new": "x"})
    present: list[dict[str, Any]] = [{"flag": 1}, {"kept": 1}, {"gone": None}, {"new": "x"}, {"flag": 1, "new": "x"}]
    for metadata in present:
        assert await found(world, metadata) == {thread.thread_id}, metadata
    absent: list[dict[str, Any]] = [{"flag": True}, {"gone": {"deep": [1]}}, {"gone": {}}, {"new": "y"}]
    for metadata in absent:
        assert await found(world, metadata) == set(), metadata
    assert await terms(world) == 4


async def test_a_thread_is_found_by_the_graph_that_ran_on_it_until_the_run_is_undone(world: World) -> None:
    thread = await world.thread(user="u")
    graph = {"graph_id": ASSISTANT.graph_id, "assistant_id": ASSISTANT.assistant_id}
    run = await world.start(thread.thread_id)
    assert await found(world, graph) == await found(world, {"user": "u"}) == {thread.thread_id}

    await world.stop(run, StopReason.ROLLBACK)
    await world.leases.discard(run, None, None)

    assert await found(world, graph) == set()
    assert await found(world, {"user": "u"}) == {thread.thread_id}


async def test_a_thread_that_a_run_made_is_found_by_the_metadata_of_the_run(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, metadata={"topic": "x"})
    assert await found(world, {"topic": "x", "graph_id": ASSISTANT.graph_id}) == {run.thread_id}


async def test_the_thread_of_a_stateless_run_is_found_by_nothing(world: World) -> None:
    await world.start(new_id(), create_thread=True, temporary=True, metadata={"topic": "x"})
    assert await found(world, {"topic": "x"}) == set()
    assert await terms(world) == 0


async def test_a_patch_of_a_stateless_runs_thread_does_not_let_it_be_found(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True)
    await world.threads.patch(ANONYMOUS, run.thread_id, {"topic": "x"})
    assert await found(world, {"topic": "x"}) == set()


async def test_nothing_is_left_of_a_deleted_thread(world: World) -> None:
    thread = await world.thread(user="u", more={"a": [1, 2]})
    await world.threads.delete(ANONYMOUS, thread.thread_id)
    assert await terms(world) == 0


async def test_a_copy_is_found_as_its_source_is(world: World) -> None:
    source = await world.thread(user="u")
    copy = await world.threads.copy(ANONYMOUS, source, new_id(), state())
    assert await found(world, {"user": "u"}) == {source.thread_id, copy.thread_id}


async def test_the_same_metadata_of_another_owner_is_not_found(world: World) -> None:
    hers, his = await world.thread(viewer=ALICE, user="u"), await world.thread(viewer=BOB, user="u")
    assert await found(world, {"user": "u"}, ALICE) == {hers.thread_id}
    assert await found(world, {"user": "u"}, BOB) == {his.thread_id}
    assert await found(world, {"user": "u"}) == set()


async def test_what_very_many_threads_have_is_found_and_counted_with_all_other_filters(world: World) -> None:
    made = [await world.thread(app="chat", user=number // 10) for number in range(MANY)]
    newest, busy = made[-1].thread_id, made[-2].thread_id
    await world.start(busy)
    common = ThreadFilter(metadata={"app": "chat"})
    page = await world.threads.search(ANONYMOUS, common, Page(limit=2))
    assert [thread.thread_id for thread in page] == [busy, newest]
    assert await world.threads.count(ANONYMOUS, common) == MANY
    assert await found(world, {"app": "chat"}, status=ThreadStatus.BUSY) == {busy}
    assert await found(world, {"app": "chat"}, ids=(newest,)) == {newest}
    assert len(await found(world, {"app": "chat", "user": 7})) == 10
    assert await found(world, {"app": "chat", "user": -1}) == set()


async def test_a_pattern_of_very_many_scalars_is_looked_for_whole(world: World) -> None:
    wide: dict[str, Any] = {f"key-{number}": number for number in range(150)}
    thread = await world.thread(**wide)
    await world.thread(**{**wide, "key-149": 0})
    assert await found(world, wide) == {thread.thread_id}


async def test_a_thread_of_very_many_scalars_is_found_by_each_without_a_term_for_each(world: World) -> None:
    narrow = await world.thread(user="u", numbers=[1, 2])
    before = await terms(world)
    wide = await world.thread(user="u", numbers=list(range(3000)))
    assert await terms(world) == before + 1
    assert await found(world, {"numbers": [2999]}) == {wide.thread_id}
    assert await found(world, {"numbers": [3000]}) == set()
    assert await found(world, {"numbers": [2]}) == await found(world, {"user": "u"})
    assert await found(world, {"user": "u"}, BOB) == set()

    await world.threads.patch(ANONYMOUS, wide.thread_id, {"numbers": [7]})

    assert await terms(world) == before + 2
    assert await found(world, {"numbers": [7]}) == {wide.thread_id}
    assert await found(world, {"numbers": [2]}) == {narrow.thread_id}
    await world.threads.patch(ANONYMOUS, narrow.thread_id, {"numbers": list(range(3000))})
    assert await found(world, {"numbers": [7]}) == {wide.thread_id, narrow.thread_id}
    assert await found(world, {"user": "u", "numbers": [2999]}) == {narrow.thread_id}


@IN_SQLITE
async def test_a_search_for_a_rare_term_looks_at_threads_that_have_it_alone(world: World) -> None:
    await world.thread(user="u", tags=["a"])
    for metadata in ({"user": "u"}, {"user": "u", "tags": ["a"]}, {"nobody": "has this"}):
        wanted = ThreadFilter(metadata=metadata, status=ThreadStatus.IDLE)
        for call in (
            world.threads.search(ANONYMOUS, wanted, Page()),
            world.threads.search(ANONYMOUS, wanted, Page(sort_by="created_at")),
            world.threads.count(ANONYMOUS, wanted),
        ):
            lines = await plan(world, call)
            on_threads = [line for line in lines if "threads" in line.split()[:3]]
            assert on_threads
            assert all("(thread_id=?)" in line for line in on_threads), lines
            assert all("term=?" in line for line in lines if "thread_terms" in line), lines


@pytest.mark.usefixtures("reshaped")
async def test_terms_of_threads_from_before_there_were_terms_are_made_by_the_migration(world: World) -> None:
    thread, broken = await world.thread(user="u"), await world.thread(user="u")
    await world.start(new_id(), create_thread=True, temporary=True, metadata={"user": "u"})
    await world.poison(threads, broken.thread_id, metadata="{")
    before = await terms(world)

    await world.database.write(undo_terms)
    await world.database.write(migrate)

    assert await found(world, {"user": "u"}) == {thread.thread_id}
    assert (before, await terms(world)) == (2, 1)
