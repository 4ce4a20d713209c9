"""ThreadStore.hold and release: a state update takes the thread's slot as a run would."""

from __future__ import annotations

import asyncio

import pytest

from runline.errors import SlotLost, ThreadBusy, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import StopReason, ThreadStatus
from runline.model.viewer import ANONYMOUS
from storage.world import ALICE, BOB, World, state


async def test_a_held_thread_is_busy_and_rests_again_when_released(world: World) -> None:
    thread = await world.thread()
    assert await world.hold(thread.thread_id, 15)
    assert (await world.get_thread(thread.thread_id)).status is ThreadStatus.BUSY
    await world.release(thread.thread_id)
    assert (await world.get_thread(thread.thread_id)).status is ThreadStatus.IDLE


async def test_a_release_mirrors_the_state_that_the_thread_came_to(world: World) -> None:
    thread = await world.thread()
    interrupts = {"task": [{"id": "i", "value": 1}]}
    came_to = state({"n": 1}, ThreadStatus.INTERRUPTED, interrupts=interrupts, error={"error": "E"})
    await world.come_to(thread.thread_id, came_to)
    saved = await world.get_thread(thread.thread_id)
    assert (saved.status, saved.values, saved.interrupts) == (ThreadStatus.INTERRUPTED, {"n": 1}, interrupts)
    assert saved.error == {"error": "E"}
    assert saved.state_updated_at > thread.state_updated_at


async def test_a_release_without_a_state_leaves_the_state_alone(world: World) -> None:
    thread = await world.thread()
    await world.come_to(thread.thread_id, state({"n": 1}, ThreadStatus.INTERRUPTED))
    before = await world.get_thread(thread.thread_id)
    await world.hold(thread.thread_id, 15)
    await world.release(thread.thread_id)
    after = await world.get_thread(thread.thread_id)
    assert (after.values, after.status, after.state_updated_at) == (
        before.values,
        before.status,
        before.state_updated_at,
    )


@pytest.mark.parametrize("start", [True, False])
async def test_a_thread_with_an_active_run_cannot_be_held(world: World, start: bool) -> None:
    run = await world.add(new_id(), start=start, create_thread=True)
    with pytest.raises(ThreadBusy):
        await world.hold(run.thread_id, 15)


async def test_a_thread_is_held_by_one_at_a_time(world: World) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id, 15)
    before = await world.all_rows()
    assert await world.hold(thread.thread_id, 15) is None
    assert await world.all_rows() == before


async def test_a_thread_may_be_held_beside_its_run_so_that_the_next_one_waits(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    assert await world.hold(run.thread_id, 15, beside_runs=True)
    await world.add(run.thread_id)
    await world.finish(run, successor=True)
    assert await world.statuses(run.thread_id) == ["success", "pending"]
    assert (await world.get_thread(run.thread_id)).status is ThreadStatus.BUSY
    await world.release(run.thread_id)
    assert await world.statuses(run.thread_id) == ["success", "ready"]


async def test_somebody_elses_thread_cannot_be_held(world: World) -> None:
    thread = await world.thread(viewer=ALICE)
    with pytest.raises(ThreadNotFound):
        await world.threads.hold(BOB, thread.thread_id, 15)
    assert (await world.get_thread(thread.thread_id, ALICE)).status is ThreadStatus.IDLE


@pytest.mark.parametrize("strategy", ["enqueue", "interrupt", "rollback"])
async def test_runs_that_are_created_meanwhile_wait_in_order_for_the_release(world: World, strategy: str) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id, 15)
    first = await world.add(thread.thread_id, start=True, multitask_strategy=strategy)
    await world.add(thread.thread_id, start=True)
    assert await world.statuses(thread.thread_id) == ["pending", "pending"]
    assert await world.claim() == []
    await world.release(thread.thread_id)
    assert await world.statuses(thread.thread_id) == ["ready", "pending"]
    assert [run.run_id for run in await world.claim()] == [first.run_id]


async def test_a_run_that_rejects_company_is_refused_meanwhile(world: World) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id, 15)
    before = await world.all_rows()
    with pytest.raises(ThreadBusy):
        await world.add(thread.thread_id, multitask_strategy="reject")
    assert await world.all_rows() == before


async def test_a_run_that_leaves_the_queue_of_a_held_thread_lets_no_other_go(world: World) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id, 15)
    first, _ = await world.add(thread.thread_id), await world.add(thread.thread_id)
    assert await world.stop(first, StopReason.INTERRUPT) == [first]
    assert await world.statuses(thread.thread_id) == ["interrupted", "pending"]
    await world.release(thread.thread_id)
    assert await world.statuses(thread.thread_id) == ["interrupted", "ready"]


async def test_a_hold_that_outlives_its_time_is_found(world: World) -> None:
    late, young = await world.thread(), await world.thread()
    await world.hold(late.thread_id, 10)
    world.clock.pass_(8)
    await world.hold(young.thread_id, 10)
    assert await world.threads.abandoned_holds() == []
    world.clock.pass_(4)
    assert [late.hold for late in await world.threads.abandoned_holds()] == [world.holds[late.thread_id]]
    every = await world.threads.abandoned_holds(everything=True)
    assert {late.hold for late in every} == set(world.holds.values())
    await world.release(late.thread_id)
    assert await world.threads.abandoned_holds() == []


async def test_releasing_a_thread_that_was_deleted_meanwhile_is_harmless(world: World) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id, 10)
    await world.threads.delete(ANONYMOUS, thread.thread_id)
    await world.release(thread.thread_id, state({"n": 1}))
    assert await world.all_rows() == ([], [])


async def test_a_holder_that_comes_too_late_neither_frees_anothers_hold_nor_writes_its_state(world: World) -> None:
    """Its hold had outlived its time and was taken over; by then the thread is somebody else's."""
    thread = await world.thread()
    stale = await world.hold(thread.thread_id, 10)
    assert stale
    world.clock.pass_(11)
    (late,) = await world.threads.abandoned_holds()
    mine = await world.threads.take_over(late, 10)
    assert mine
    await world.threads.prolong(stale, 1000)
    await world.threads.release(stale, state({"stale": True}))
    held = await world.get_thread(thread.thread_id)
    assert (held.status, held.values) == (ThreadStatus.BUSY, None)
    world.clock.pass_(11)
    assert [late.hold for late in await world.threads.abandoned_holds()] == [mine]
    await world.threads.release(mine, state({"n": 1}))
    assert (await world.get_thread(thread.thread_id)).values == {"n": 1}


async def test_a_hold_that_was_renewed_is_not_taken_over_and_one_that_was_not_falls_to_one(world: World) -> None:
    thread = await world.thread()
    hold = await world.hold(thread.thread_id, 10)
    assert hold
    world.clock.pass_(11)
    (late,) = await world.threads.abandoned_holds()
    await world.threads.prolong(hold, 10)
    assert await world.threads.take_over(late, 10) is None
    world.clock.pass_(11)
    (late,) = await world.threads.abandoned_holds()
    taken = await asyncio.gather(*(world.threads.take_over(late, 10) for _ in range(4)))
    assert len([mine for mine in taken if mine]) == 1


async def test_who_has_lost_a_thread_deletes_it_no_more(world: World) -> None:
    thread = await world.thread()
    hold = await world.hold(thread.thread_id, 10)
    assert hold
    world.clock.pass_(11)
    (late,) = await world.threads.abandoned_holds()
    mine = await world.threads.take_over(late, 10)
    run = await world.add(thread.thread_id)
    with pytest.raises(SlotLost):
        await world.threads.delete(ANONYMOUS, thread.thread_id, hold)
    with pytest.raises(SlotLost):
        await world.leases.doom(run, hold)
    assert await world.threads.delete(ANONYMOUS, thread.thread_id, mine) == [run]
