"""ClaimStore and LeaseStore: who may take which run, for how long, and what becomes of those whose workers died."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus, StopReason, ThreadStatus
from runline.model.run import Run
from runline.storage.claims import Abandoned
from storage.world import ASSISTANT, GRAPHS, INTERRUPTED, LEASE, SUCCESS, World


async def test_ready_runs_are_claimed_the_longest_waiting_first(world: World) -> None:
    waiting = [await world.add(new_id(), create_thread=True) for _ in range(3)]
    assert [run.run_id for run in await world.claim(2)] == [run.run_id for run in waiting[:2]]
    assert [run.run_id for run in await world.claim(2)] == [waiting[2].run_id]
    assert await world.claim() == []


async def test_a_claimed_run_is_running_under_a_new_attempt_and_a_lease(world: World) -> None:
    added = await world.add(new_id(), create_thread=True)
    claimant = world.claimant("me")
    (run,) = await world.claims.claim(claimant, 1)
    assert (run.run_id, run.status, run.attempt) == (added.run_id, RunStatus.RUNNING, 1)
    assert run.started_at == world.clock.told
    row = await world.row(run)
    assert (row.lease_owner, row.lease_until, row.ready) == ("me", world.clock.told + LEASE, 0)


async def test_a_delayed_run_is_claimed_when_it_is_due(world: World) -> None:
    late = await world.add(new_id(), create_thread=True, after_seconds=10)
    soon = await world.add(new_id(), create_thread=True, after_seconds=5)
    assert await world.claim() == []
    world.clock.pass_(5)
    assert [run.run_id for run in await world.claim()] == [soon.run_id]
    world.clock.pass_(5)
    assert [run.run_id for run in await world.claim()] == [late.run_id]


async def test_only_the_head_of_each_threads_queue_is_claimed(world: World) -> None:
    first = await world.add(new_id(), create_thread=True)
    await world.add(first.thread_id)
    other = await world.add(new_id(), create_thread=True)
    assert {run.run_id for run in await world.claim()} == {first.run_id, other.run_id}
    assert await world.claim() == []


async def test_a_delayed_run_is_overtaken_until_it_is_due_and_then_no_more(world: World) -> None:
    delayed = await world.add(new_id(), create_thread=True, after_seconds=5)
    before = await world.add(delayed.thread_id)
    world.clock.pass_(5)
    behind = await world.add(delayed.thread_id)
    for expected in (before, delayed, behind):
        (run,) = await world.claim()
        assert run.run_id == expected.run_id
        await world.finish(run)


async def test_delayed_runs_start_in_the_order_in_which_they_are_due(world: World) -> None:
    late = await world.add(new_id(), create_thread=True, after_seconds=5)
    soon = await world.add(late.thread_id, after_seconds=2)
    assert await world.statuses(late.thread_id) == ["pending", "ready"]
    world.clock.pass_(5)
    running = (await world.claim())[0]
    promoted = (await world.finish(running, successor=True)).promoted
    assert promoted
    assert [running.run_id, promoted.run_id] == [soon.run_id, late.run_id]


async def test_no_two_runs_of_a_thread_are_due_at_one_moment(world: World) -> None:
    """Not even if one was delayed to the very moment of the other."""
    first = await world.add(new_id(), create_thread=True, after_seconds=5)
    ahead = (first.due_at - world.clock.told).total_seconds()
    # the clock is read once when it is admitted
    second = await world.add(first.thread_id, after_seconds=ahead - 2e-6)
    assert second.due_at == first.due_at + timedelta(microseconds=1)


async def test_what_was_not_delayed_waits_for_no_clock(world: World) -> None:
    """Its place lies in the future when the clock was set back since the thread was last used."""
    world.clock.pass_(3600)
    earlier = await world.start(new_id(), create_thread=True)
    await world.add(earlier.thread_id)
    world.clock.pass_(-3600)
    assert (await world.finish(earlier, successor=True)).promoted


async def test_two_workers_never_claim_the_same_run(world: World) -> None:
    added = [await world.add(new_id(), create_thread=True) for _ in range(20)]
    claims = await asyncio.gather(*(world.claims.claim(world.claimant(str(n)), 7) for n in range(6)))
    claimed = [run.run_id for runs in claims for run in runs]
    assert len(claimed) == len(set(claimed))
    claimed += [run.run_id for run in await world.claim(20)]
    assert sorted(claimed) == sorted(run.run_id for run in added)


async def test_the_next_due_moment_is_that_of_the_earliest_ready_run(world: World) -> None:
    assert await world.claims.next_due(GRAPHS) is None
    late = await world.add(new_id(), create_thread=True, after_seconds=10)
    assert await world.claims.next_due(GRAPHS) == late.due_at
    soon = await world.add(new_id(), create_thread=True, after_seconds=5)
    await world.add(soon.thread_id, after_seconds=7)
    assert await world.claims.next_due(GRAPHS) == soon.due_at
    world.clock.pass_(5)
    await world.claim()
    assert await world.claims.next_due(GRAPHS) == late.due_at


async def test_active_runs_are_counted_by_status(world: World) -> None:
    assert await world.claims.active_counts() == {RunStatus.PENDING: 0, RunStatus.RUNNING: 0}
    running = await world.start(new_id(), create_thread=True)
    await world.add(running.thread_id)
    await world.finish(await world.start(new_id(), create_thread=True))
    assert await world.claims.active_counts() == {RunStatus.PENDING: 1, RunStatus.RUNNING: 1}


async def test_a_renewed_lease_holds_longer(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    world.clock.pass_(10)
    claimant = world.claimant()
    assert await world.leases.renew(claimant, [(run.run_id, run.attempt)]) == {run.run_id: None}
    assert (await world.row(run)).lease_until == world.clock.told + LEASE


@pytest.mark.parametrize(("behind", "shortens"), [(LEASE / 3, False), (4 * LEASE, True)], ids=["late", "wrong"])
async def test_of_two_renewals_the_later_one_counts_whichever_comes_last_unless_a_clock_was_wrong(
    world: World, behind: timedelta, *, shortens: bool
) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.leases.renew(world.claimant(), [(run.run_id, run.attempt)])
    before = (await world.row(run)).lease_until
    world.clock.pass_(-behind.total_seconds())
    assert await world.leases.renew(world.claimant(), [(run.run_id, run.attempt)]) == {run.run_id: None}
    assert ((await world.row(run)).lease_until < before) is shortens


async def test_renewing_tells_of_a_stop_that_was_requested(world: World) -> None:
    run, other = [await world.start(new_id(), create_thread=True) for _ in range(2)]
    await world.stop(run, StopReason.ROLLBACK)
    held = await world.leases.renew(world.claimant(), [(run.run_id, 1), (other.run_id, 1)])
    assert held == {run.run_id: StopReason.ROLLBACK, other.run_id: None}


async def test_what_is_not_held_is_not_renewed(world: World) -> None:
    ended, foreign, older, deleted = [await world.start(new_id(), create_thread=True) for _ in range(4)]
    await world.finish(ended)
    await world.leases.requeue(older, crashed=True)
    await world.claim()
    await world.leases.discard(deleted, None, None)
    attempts = [(run.run_id, run.attempt) for run in (ended, older, deleted)]
    assert await world.leases.renew(world.claimant(), attempts) == {}
    assert await world.leases.renew(world.claimant("other"), [(foreign.run_id, 1)]) == {}


async def test_a_renewal_under_an_older_attempt_prolongs_nothing_though_the_worker_is_the_same(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.leases.requeue(run, crashed=True)
    await world.claim()
    before = await world.all_rows()
    assert await world.leases.renew(world.claimant(), [(run.run_id, 1)]) == {}
    assert await world.all_rows() == before


async def test_a_run_whose_lease_has_ended_is_found(world: World) -> None:
    run, renewed = [await world.start(new_id(), create_thread=True) for _ in range(2)]
    await world.add(run.thread_id)
    assert await world.claims.expired() == []
    world.clock.pass_(10)
    await world.leases.renew(world.claimant(), [(renewed.run_id, 1)])
    world.clock.pass_(10)
    assert [(found.run.run_id, found.crashes) for found in await world.claims.expired()] == [(run.run_id, 0)]
    everything = await world.claims.expired(everything=True)
    assert {found.run.run_id for found in everything} == {run.run_id, renewed.run_id}


async def test_an_abandoned_run_is_taken_over_by_one_and_not_if_its_lease_was_renewed(world: World) -> None:
    run, renewed = [await world.start(new_id(), create_thread=True) for _ in range(2)]
    world.clock.pass_(20)
    found = {each.run.run_id: each for each in await world.claims.expired()}
    await world.leases.renew(world.claimant(), [(renewed.run_id, 1)])
    assert await world.claims.take_over(found[renewed.run_id], world.claimant("reaper")) is None
    assert await world.claims.take_over(found[run.run_id], world.claimant("reaper"))
    assert await world.claims.take_over(found[run.run_id], world.claimant("reaper")) is None
    assert await world.leases.renew(world.claimant(), [(run.run_id, 1)]) == {}


async def test_a_run_that_was_taken_over_is_given_back_once(world: World) -> None:
    taken = await take_over(world, await world.start(new_id(), create_thread=True))
    assert await world.claims.requeue_abandoned(taken)
    assert not await world.claims.requeue_abandoned(taken)
    (again,) = await world.claim()
    assert again.attempt == 2
    assert not await world.claims.requeue_abandoned(taken)


async def test_who_takes_a_run_over_may_end_it_as_an_attempt_of_its_own(world: World) -> None:
    """So that its worker, which may only have been held up, tells and ends it no more."""
    run = await world.start(new_id(), create_thread=True)
    own = await world.claims.supersede(await take_over(world, run))
    assert own
    assert (own.attempt, own.status) == (2, RunStatus.RUNNING)
    assert not (await world.finish(run)).held
    assert not await world.leases.requeue(run, crashed=False)
    assert (await world.finish(own)).held


async def test_a_run_that_its_worker_ended_after_all_stays_as_it_is(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    taken = await take_over(world, run)
    assert (await world.finish(run)).held
    assert not await world.claims.requeue_abandoned(taken)
    assert await world.claims.supersede(taken) is None


async def take_over(world: World, run: Run) -> Abandoned:
    world.clock.pass_(20)
    (found,) = await world.claims.expired()
    assert found.run.run_id == run.run_id
    taken = await world.claims.take_over(found, world.claimant("reaper"))
    assert taken
    return taken


async def test_crashes_are_counted_and_other_returns_to_the_queue_are_not(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    for crashed, crashes in [(True, 1), (False, 1), (True, 2)]:
        assert await world.leases.requeue(run, crashed=crashed)
        (run,) = await world.claim()
        assert [found[:2] for found in await world.claims.expired(everything=True)] == [(run, crashes)]
    assert run.attempt == 4


async def test_a_requeued_run_is_ready_again_before_the_others_of_its_thread(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.add(run.thread_id)
    assert await world.leases.requeue(run, crashed=False)
    assert await world.statuses(run.thread_id) == ["ready", "pending"]
    row = await world.row(run)
    assert (row.lease_owner, row.lease_until) == (None, None)
    assert (await world.get_thread(run.thread_id)).status is ThreadStatus.BUSY
    (again,) = await world.claim()
    assert (again.run_id, again.attempt) == (run.run_id, 2)


async def test_a_requested_stop_survives_a_return_to_the_queue(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.stop(run, StopReason.INTERRUPT)
    await world.leases.requeue(run, crashed=True)
    (again,) = await world.claim()
    assert again.stop_requested is StopReason.INTERRUPT


async def test_an_older_attempt_changes_nothing(world: World) -> None:
    old = await world.start(new_id(), create_thread=True)
    await world.leases.requeue(old, crashed=True)
    await world.claim()
    before = await world.all_rows()
    assert not await world.leases.requeue(old, crashed=True)
    assert not (await world.finish(old)).held
    assert not (await world.finish(old, INTERRUPTED)).held
    assert not (await world.leases.discard(old, None, None)).held
    assert await world.all_rows() == before


async def test_an_attempt_of_the_future_changes_nothing(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    before = await world.all_rows()
    assert not (await world.finish(replace(run, attempt=2))).held
    assert await world.all_rows() == before


@pytest.mark.parametrize("held", [True, False])
async def test_a_worker_cannot_end_a_run_that_it_gave_back(world: World, held: bool) -> None:
    run = await world.start(new_id(), create_thread=True)
    if not held:
        await world.leases.requeue(run, crashed=False)
    assert (await world.finish(run)).held is held


async def test_a_lease_is_as_long_as_the_claimant_says(world: World) -> None:
    run: Run = await world.add(new_id(), create_thread=True)
    claimant = replace(world.claimant(), lease=timedelta(seconds=1))
    await world.claims.claim(claimant, 1)
    world.clock.pass_(2)
    assert [found.run_id for found, *_ in await world.claims.expired()] == [run.run_id]
    assert (await world.leases.finish(run, SUCCESS, None, None)).held is False


async def test_a_claimant_has_its_claims_until_it_takes_them_or_has_had_the_time_to(world: World) -> None:
    """A transaction that takes a run tells it so before its caller hears of the run."""
    claimant = world.claimant()
    waiting, _ = [await world.add(new_id(), create_thread=True) for _ in range(2)]
    taken = await world.claims.claim(claimant, 1)
    admitted = await world.runs.admit(world.run(new_id(), create_thread=True), ASSISTANT, claimant)
    claimed = {waiting.run_id: 1, admitted.run.run_id: 1}
    assert [run.run_id for run in taken] == [waiting.run_id]
    assert {run_id: claim.attempt for run_id, claim in claimant.claims.items()} == claimed
    claimant.forget_old()
    assert claimant.claims.keys() == claimed.keys()
    claimant.forget_old()
    assert claimant.claims == {}
