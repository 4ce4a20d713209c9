"""QueueLimits: queues are as long as they may be, and what can start at once is never refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runline.errors import TooMany
from runline.kit.ids import new_id
from runline.model.lifecycle import MultitaskStrategy, StopReason
from runline.storage.runs import QueueLimits, RunStore
from storage.world import ASSISTANT, World


def limited(world: World, **limits: Any) -> World:
    return replace(world, runs=RunStore(world.database, world.clock, QueueLimits(**limits)))


async def test_a_thread_has_no_more_active_runs_than_it_may(world: World) -> None:
    small = limited(world, per_thread=2)
    running = await small.start(new_id(), create_thread=True)
    await small.add(running.thread_id)
    before = await world.all_rows()
    with pytest.raises(TooMany, match=f"^Thread {running.thread_id} has 2 active runs; wait for some to finish"):
        await small.add(running.thread_id)
    assert await world.all_rows() == before
    await small.add(new_id(), create_thread=True)
    await small.finish(running)
    await small.add(running.thread_id)


@pytest.mark.parametrize("strategy", [MultitaskStrategy.INTERRUPT, MultitaskStrategy.ROLLBACK])
async def test_a_run_that_makes_room_for_itself_is_taken(world: World, strategy: MultitaskStrategy) -> None:
    small = limited(world, per_thread=2)
    running = await small.start(new_id(), create_thread=True)
    await small.add(running.thread_id)
    for _ in range(3):
        await small.add(running.thread_id, multitask_strategy=strategy)
    assert (await world.statuses(running.thread_id)).count("pending") == 1


async def test_over_all_threads_no_more_runs_wait_than_may(world: World) -> None:
    small = limited(world, total=3)
    runs = [await small.add(new_id(), create_thread=True) for _ in range(3)]
    before = await world.all_rows()
    with pytest.raises(TooMany, match=r"^3 runs are active; wait for some to finish\.$"):
        await small.add(new_id(), create_thread=True)
    assert await world.all_rows() == before
    await small.stop(runs[0], StopReason.INTERRUPT)
    await small.add(new_id(), create_thread=True)


async def test_a_run_that_starts_at_once_waits_in_no_queue(world: World) -> None:
    small = limited(world, total=1)
    await small.add(new_id(), create_thread=True)
    run = world.run(new_id(), create_thread=True)
    assert (await small.runs.admit(run, ASSISTANT, world.claimant())).run.status == "running"
