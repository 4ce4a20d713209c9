"""LeaseStore.discard: a run that was taken back leaves its thread as it was before it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from runline.kit.ids import new_id
from runline.model.lifecycle import StopReason, ThreadStatus
from runline.model.run import Run
from runline.model.thread import Thread
from runline.model.viewer import ANONYMOUS
from storage.world import ASSISTANT, FAILED, World, state


def facts(thread: Thread) -> tuple[object, ...]:
    """What a run changes of its thread, apart from its state."""
    return thread.metadata, thread.config, thread.status


async def discard(world: World, run: Run) -> None:
    assert (await world.leases.discard(run, None, None)).held


async def run_through(world: World, thread_id: str, tag: str) -> Run:
    """A run that ended well, and gave its thread a tag."""
    run = await world.start(thread_id, config={"tags": [tag], tag: True})
    await world.finish(run)
    return run


async def test_a_running_run_leaves_no_row_and_its_thread_as_it_was(world: World) -> None:
    thread = await world.thread(topic="x")
    run = await world.start(thread.thread_id, config={"tags": ["t"]})
    ending = await world.leases.discard(run, state(None), None)
    assert (ending.held, ending.promoted) == (True, None)
    after = await world.get_thread(thread.thread_id)
    assert (after.metadata, after.config, after.values) == ({"topic": "x"}, {}, None)
    assert await world.statuses(thread.thread_id) == []


async def test_a_state_that_is_left_can_still_be_read(world: World) -> None:
    """A copy has its state from no run of its own, and only its graph can read it."""
    thread = await world.thread()
    await world.come_to(thread.thread_id, state({"n": 0}, ThreadStatus.INTERRUPTED))
    run = await world.start(thread.thread_id)
    await world.leases.discard(run, state({"n": 0}, ThreadStatus.INTERRUPTED), None)
    after = await world.get_thread(run.thread_id)
    assert (after.status, after.values, after.metadata["graph_id"]) == (ThreadStatus.INTERRUPTED, {"n": 0}, "echo")


async def test_a_running_run_leaves_the_failure_of_the_one_before_it(world: World) -> None:
    """No checkpoint tells of it, so that the state alone would look like a break."""
    failed = await world.start(new_id(), create_thread=True)
    await world.leases.finish(failed, FAILED, state({"n": 0}, ThreadStatus.ERROR), None)
    await world.leases.discard(await world.start(failed.thread_id), state({"n": 0}, ThreadStatus.INTERRUPTED), None)
    assert (await world.get_thread(failed.thread_id)).status is ThreadStatus.ERROR


async def test_what_was_patched_meanwhile_stays(world: World) -> None:
    thread = await world.thread(topic="x")
    run = await world.start(thread.thread_id)
    await world.threads.patch(ANONYMOUS, thread.thread_id, {"topic": "y"})
    await discard(world, run)
    assert (await world.get_thread(thread.thread_id)).metadata == {"topic": "y"}


async def test_a_run_that_has_ended_can_be_discarded_too(world: World) -> None:
    thread = await world.thread()
    await discard(world, await run_through(world, thread.thread_id, "a"))
    assert facts(await world.get_thread(thread.thread_id)) == facts(thread)


async def test_discarding_twice_is_harmless(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await discard(world, run)
    before = await world.all_rows()
    assert not (await world.leases.discard(run, state({"n": 1}), None)).held
    assert await world.all_rows() == before


async def test_the_next_run_of_the_thread_goes_on(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    queued = await world.add(run.thread_id)
    ending = await world.leases.discard(run, None, world.claimant())
    assert ending.promoted
    assert ending.promoted.run_id == queued.run_id
    assert await world.statuses(run.thread_id) == ["running"]
    assert (await world.get_thread(run.thread_id)).status is ThreadStatus.BUSY


async def test_discarding_an_ended_run_does_not_disturb_the_one_that_runs(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.finish(run)
    running, queued = await world.start(run.thread_id), await world.add(run.thread_id)
    assert (await world.leases.discard(run, None, world.claimant())).promoted is None
    assert await world.statuses(run.thread_id) == ["running", "pending"]
    assert (await world.finish(running, successor=True)).promoted == await world.runs.get(ANONYMOUS, queued.run_id)


async def test_a_temporary_thread_goes_with_its_run(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True)
    await discard(world, run)
    assert await world.all_rows() == ([], [])


async def test_a_thread_that_its_first_run_created_stays_without_it(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, metadata={"topic": "x"})
    await discard(world, run)
    thread = await world.get_thread(run.thread_id)
    assert (thread.status, thread.config) == (ThreadStatus.IDLE, {})
    assert "graph_id" not in thread.metadata


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_ended_runs_discarded_in_any_order_leave_the_thread_as_before_the_first(
    world: World, order: tuple[int, ...]
) -> None:
    thread = await world.thread(topic="x")
    runs = [await run_through(world, thread.thread_id, tag) for tag in "abc"]
    for index in order:
        await discard(world, runs[index])
    assert facts(await world.get_thread(thread.thread_id)) == facts(thread)


async def test_discarding_an_earlier_run_takes_nothing_from_a_later_one(world: World) -> None:
    """Its graph above all: without it the thread would have no state to read."""
    thread = await world.thread()
    first = await run_through(world, thread.thread_id, "a")
    await run_through(world, thread.thread_id, "b")
    await discard(world, first)
    after = await world.get_thread(thread.thread_id)
    assert after.metadata["graph_id"] == "echo"
    assert after.config["tags"] == ["b"]


async def test_a_chain_of_runs_that_roll_each_other_back_leaves_what_the_last_one_makes(world: World) -> None:
    thread = await world.thread()
    running = await world.start(thread.thread_id, config={"tags": ["a"], "a": True})
    for tag in "bcd":
        await world.add(thread.thread_id, multitask_strategy="rollback", config={"tags": [tag], tag: True})
    assert await world.statuses(thread.thread_id) == ["running", "pending"]
    await discard(world, running)
    (last,) = await world.claim()
    assert (await world.get_thread(thread.thread_id)).config == {"tags": ["d"], "d": True, "configurable": {}}
    await discard(world, last)
    assert facts(await world.get_thread(thread.thread_id)) == facts(thread)


async def test_a_chain_of_cancelled_runs_leaves_the_thread_as_before_the_first(world: World) -> None:
    thread = await world.thread(topic="x")
    runs = [await world.start(thread.thread_id, config={"tags": ["0"]})]
    runs += [await world.add(thread.thread_id, config={"tags": [str(number)]}) for number in range(1, 4)]
    for run in (runs[2], runs[1], runs[3]):
        await world.stop(run, StopReason.ROLLBACK)
    await discard(world, runs[0])
    assert facts(await world.get_thread(thread.thread_id)) == facts(thread)


async def test_a_run_finds_the_state_of_the_one_that_began_before_it_whatever_was_created_before_it(
    world: World,
) -> None:
    """That one is delayed, and of another graph, which could not read the state."""
    first = await run_through(world, (await world.thread()).thread_id, "a")
    other = replace(world.run(first.thread_id, after_seconds=60), graph_id="other")
    await world.runs.admit(other, ASSISTANT, None)
    meanwhile = await world.start(first.thread_id)
    assert await world.leases.graph_before(meanwhile) == "echo"


async def test_what_a_delayed_run_made_of_its_thread_goes_with_it_though_others_began_before_it(world: World) -> None:
    thread = await world.thread()
    delayed = await world.add(thread.thread_id, after_seconds=60, config={"tags": ["delayed"]})
    meanwhile = await run_through(world, thread.thread_id, "meanwhile")
    assert (await world.get_thread(thread.thread_id)).config["tags"] == ["meanwhile"]
    await world.stop(delayed, StopReason.ROLLBACK)
    assert (await world.get_thread(thread.thread_id)).config["tags"] == ["meanwhile"]
    await discard(world, meanwhile)
    assert facts(await world.get_thread(thread.thread_id)) == facts(thread)
