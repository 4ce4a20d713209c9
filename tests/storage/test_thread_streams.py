"""ThreadStreamStore: what comes next on a thread; and the places of runs, which are when they are due."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from runline.errors import ThreadNotFound, Unreadable
from runline.model.lifecycle import StopReason
from runline.model.run import Run
from runline.model.thread import Thread
from runline.model.viewer import ANONYMOUS
from runline.storage.tables import runs, threads
from runline.storage.thread_streams import Outlook, ThreadStreamStore
from runline.storage.undone_runs import sweep_undone
from storage.world import ALICE, ASSISTANT, START, World, state

MOMENT = timedelta(microseconds=1)


async def ahead(world: World, thread_id: str) -> Outlook:
    return await ThreadStreamStore(world.database).ahead(ANONYMOUS, thread_id, START)


async def present(world: World, thread_id: str) -> Outlook:
    return await ThreadStreamStore(world.database).present(ANONYMOUS, thread_id)


async def poison(world: World, thread: Thread) -> None:
    await world.poison(threads, thread.thread_id, state_updated_at="never")


async def run_through(world: World, thread_id: str) -> Run:
    run = await world.start(thread_id)
    await world.finish(run)
    return run


async def test_the_runs_ahead_come_in_the_order_in_which_they_began(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    await world.add(thread_id, after_seconds=5)
    runs = [await run_through(world, thread_id) for _ in range(2)]
    world.clock.pass_(5)
    runs += await world.claim()
    store, found, since = ThreadStreamStore(world.database), [], START
    while run := (await store.ahead(ANONYMOUS, thread_id, since)).run:
        found.append(run.run_id)
        since = run.due_at + MOMENT
    assert found == [run.run_id for run in runs]


async def test_a_run_that_has_not_begun_waits_and_is_not_ahead(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    late, soon = [await world.add(thread_id, after_seconds=seconds) for seconds in (7, 5)]
    for look in (ahead, present):
        outlook = await look(world, thread_id)
        assert (outlook.run, outlook.waiting) == (None, soon.due_at)
    world.clock.pass_(7)
    await world.claim()
    for look in (ahead, present):
        outlook = await look(world, thread_id)
        assert outlook.run
        assert (outlook.run.run_id, outlook.waiting) == (soon.run_id, late.due_at)


async def test_a_run_that_was_cancelled_before_it_began_is_not_ahead(world: World) -> None:
    run = await world.add((await world.thread()).thread_id, after_seconds=5)
    await world.stop(run, StopReason.INTERRUPT)
    for look in (ahead, present):
        outlook = await look(world, run.thread_id)
        assert (outlook.run, outlook.waiting) == (None, None)


async def test_a_thread_tells_when_it_was_made_and_its_state_changed_and_whether_it_is_held(world: World) -> None:
    thread = await world.thread()
    assert await ahead(world, thread.thread_id) == Outlook(
        None, thread.created_at, thread.state_updated_at, held=False, waiting=None
    )
    await world.hold(thread.thread_id)
    assert (await ahead(world, thread.thread_id)).held
    await world.release(thread.thread_id, state({"n": 1}))
    after = await ahead(world, thread.thread_id)
    assert (after.held, after.updated_at > thread.state_updated_at) == (False, True)


async def test_at_present_is_the_run_that_began_last(world: World) -> None:
    thread = await world.thread()
    first = await world.start(thread.thread_id)
    second = await world.add(thread.thread_id)
    for expected in (first, second):
        found = (await present(world, thread.thread_id)).run
        assert found
        assert found.run_id == expected.run_id
        await world.finish(found, successor=True)
    newest = (await present(world, thread.thread_id)).run
    assert newest
    assert newest.run_id == second.run_id


async def test_only_its_viewer_finds_a_thread(world: World) -> None:
    thread = await world.thread(viewer=ALICE)
    for look in (ahead, present):
        with pytest.raises(ThreadNotFound):
            await look(world, thread.thread_id)


async def test_a_run_that_cannot_be_read_does_not_hide_those_behind_it(world: World) -> None:
    thread = await world.thread()
    broken, sound, broken_too = [await run_through(world, thread.thread_id) for _ in range(3)]
    for run in (broken, broken_too):
        await world.poison(runs, run.run_id, spec="[")
    for look in (ahead, present):
        found = (await look(world, thread.thread_id)).run
        assert found
        assert found.run_id == sound.run_id


async def test_a_thread_that_cannot_be_read_says_so(world: World) -> None:
    thread = await world.thread()
    await poison(world, thread)
    with pytest.raises(Unreadable):
        await ahead(world, thread.thread_id)


async def test_runs_of_one_moment_get_places_one_after_the_other(world: World) -> None:
    thread = await world.thread()
    world.clock.pass_(1)
    first = await world.add(thread.thread_id)
    world.clock.pass_(-1)
    second = await world.add(thread.thread_id)
    assert second.due_at == second.created_at == first.due_at + MOMENT


async def test_a_run_stands_behind_a_state_update_that_was_committed_while_it_waited(world: World) -> None:
    thread = await world.thread()
    noted = world.run(thread.thread_id)
    await world.come_to(thread.thread_id, state({"n": 1}))
    admitted = (await world.runs.admit(noted, ASSISTANT, None)).run
    changed = (await world.get_thread(thread.thread_id)).state_updated_at
    assert noted.created_at < changed < admitted.created_at


async def test_a_place_is_given_on_a_thread_whose_moments_cannot_be_read(world: World) -> None:
    """A poisoned row breaks itself alone: the thread still takes runs, as before."""
    thread = await world.thread()
    await poison(world, thread)
    runs = [await world.add(thread.thread_id) for _ in range(2)]
    assert runs[0].created_at < runs[1].created_at


async def places(world: World, thread_id: str) -> list[str]:
    """The runs that a follower comes by."""
    store, found, since = ThreadStreamStore(world.database), [], START
    while run := (await store.ahead(ANONYMOUS, thread_id, since)).run:
        found.append(run.run_id)
        since = run.due_at + MOMENT
    return found


@pytest.mark.parametrize("reason", [StopReason.ROLLBACK, StopReason.DELETE])
async def test_a_run_that_was_removed_before_it_began_leaves_its_place_to_followers(
    world: World, reason: StopReason
) -> None:
    thread_id = (await world.thread()).thread_id
    first, gone = await world.start(thread_id), await world.add(thread_id)
    delayed = await world.add(thread_id, after_seconds=60)
    for run in (gone, delayed):
        await world.stop(run, reason)
    await world.finish(first)
    last = await world.start(thread_id)
    assert await places(world, thread_id) == [first.run_id, gone.run_id, last.run_id]
    found = (await ThreadStreamStore(world.database).ahead(ANONYMOUS, thread_id, gone.due_at)).run
    assert found
    assert (found.graph_id, found.started, found.ended_at is None) == (gone.graph_id, False, False)


async def test_what_comes_after_a_run_that_was_removed_has_its_place_behind_it(world: World) -> None:
    """Also by a clock that is behind that of the process which removed it."""
    thread_id = (await world.thread()).thread_id
    await world.start(thread_id)
    world.clock.pass_(5)
    gone = await world.add(thread_id)
    await world.stop(gone, StopReason.DELETE)
    world.clock.pass_(-3)
    assert (await world.add(thread_id)).due_at > gone.due_at


async def test_the_place_outlives_the_thread_is_its_owners_and_is_forgotten_in_the_end(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    await world.start(thread_id)
    gone = await world.add(thread_id)
    await world.stop(gone, StopReason.DELETE)
    await world.threads.delete(ANONYMOUS, thread_id)
    store = ThreadStreamStore(world.database)
    assert [run.run_id for run in await store.undone(ANONYMOUS, thread_id, START)] == [gone.run_id]
    assert await store.undone(ALICE, thread_id, START) == []
    removed_at = world.clock.told
    for before, left in ((removed_at - MOMENT * 100, 1), (removed_at + MOMENT, 0)):
        await world.database.write(partial(sweep_undone, before=before))
        assert await world.count("undone_runs") == left
