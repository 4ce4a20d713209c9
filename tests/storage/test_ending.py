"""LeaseStore.finish and RunStore.request_stop: how runs end, and who comes next."""

from __future__ import annotations

from itertools import product

import pytest

from runline.errors import RunNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import ACTIVE, RunStatus, StopReason, ThreadStatus
from runline.model.run import RunOutcome
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunFilter
from storage.world import ALICE, BOB, FAILED, INTERRUPTED, SUCCESS, World, state

OUTCOMES = [SUCCESS, FAILED, INTERRUPTED, RunOutcome(RunStatus.TIMEOUT)]


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.status)
async def test_an_end_is_written_to_the_run_and_its_thread(world: World, outcome: RunOutcome) -> None:
    run = await world.start(new_id(), create_thread=True)
    came_to = state({"n": 1}, ThreadStatus.ERROR, interrupts={"t": []}, error={"error": "E"})
    assert (await world.leases.finish(run, outcome, came_to, None)).held
    ended = await world.runs.get(ANONYMOUS, run.run_id)
    assert (ended.status, ended.error) == (outcome.status, outcome.error)
    assert ended.ended_at == ended.updated_at
    row = await world.row(run)
    assert (row.lease_owner, row.lease_until) == (None, None)
    thread = await world.get_thread(run.thread_id)
    assert (thread.status, thread.values, thread.interrupts) == (ThreadStatus.ERROR, {"n": 1}, {"t": []})
    assert thread.error == {"error": "E"}


async def test_an_end_without_a_state_leaves_the_threads_state_alone(world: World) -> None:
    run = await world.start((await world.thread()).thread_id)
    await world.leases.finish(run, SUCCESS, state({"n": 1}), None)
    again = await world.start(run.thread_id)
    await world.leases.finish(again, SUCCESS, None, None)
    thread = await world.get_thread(run.thread_id)
    assert (thread.values, thread.status) == ({"n": 1}, ThreadStatus.IDLE)


@pytest.mark.parametrize("first", OUTCOMES, ids=lambda outcome: outcome.status)
@pytest.mark.parametrize("second", OUTCOMES, ids=lambda outcome: outcome.status)
async def test_a_terminal_status_never_changes(world: World, first: RunOutcome, second: RunOutcome) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.finish(run, first)
    before = await world.all_rows()
    assert not (await world.finish(run, second)).held
    assert not await world.leases.requeue(run, crashed=True)
    assert await world.stop(run, StopReason.ROLLBACK) == []
    assert await world.all_rows() == before


STOPS = [StopReason.INTERRUPT, StopReason.DISCONNECT, StopReason.ROLLBACK, StopReason.DELETE]


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [*product([SUCCESS, FAILED], STOPS), *product([INTERRUPTED], [StopReason.ROLLBACK, StopReason.DELETE])],
)
async def test_a_stop_that_was_requested_meanwhile_is_carried_out_instead_of_the_end(
    world: World, outcome: RunOutcome, reason: StopReason
) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.stop(run, reason)
    before = await world.all_rows()
    ending = await world.finish(run, outcome)
    assert (ending.held, ending.stop) == (False, reason)
    assert await world.all_rows() == before
    assert (await world.leases.discard(run, None, None)).held


@pytest.mark.parametrize("reason", [StopReason.INTERRUPT, StopReason.DISCONNECT])
async def test_an_interrupt_is_the_end_that_a_stop_asked_for(world: World, reason: StopReason) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.stop(run, reason)
    assert (await world.finish(run, INTERRUPTED)).held


async def test_a_temporary_thread_goes_with_its_run(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True)
    assert (await world.finish(run)).held
    assert await world.all_rows() == ([], [])


async def test_a_temporary_thread_that_is_to_be_kept_stays(world: World) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True, keep_thread=True)
    await world.finish(run)
    assert await world.statuses(run.thread_id) == ["success"]


async def test_the_next_run_of_the_thread_becomes_ready_in_its_turn(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    queued = [await world.add(run.thread_id) for _ in range(3)]
    for successor in queued:
        promoted = (await world.finish(run)).promoted
        assert promoted
        assert (promoted.run_id, promoted.status) == (successor.run_id, RunStatus.PENDING)
        assert (await world.get_thread(run.thread_id)).status is ThreadStatus.BUSY
        (run,) = await world.claim()
        assert run.run_id == successor.run_id
    await world.finish(run)
    assert (await world.get_thread(run.thread_id)).status is ThreadStatus.IDLE


async def test_the_next_run_is_claimed_in_the_same_transaction_for_a_worker_that_wants_it(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    queued = await world.add(run.thread_id)
    promoted = (await world.finish(run, successor=True)).promoted
    assert promoted
    assert (promoted.run_id, promoted.status, promoted.attempt) == (queued.run_id, RunStatus.RUNNING, 1)
    assert await world.statuses(run.thread_id) == ["success", "running"]


async def test_a_next_run_that_is_not_due_waits_for_its_time(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    delayed = await world.add(run.thread_id, after_seconds=60)
    assert (await world.finish(run, successor=True)).promoted == delayed
    assert await world.statuses(run.thread_id) == ["success", "ready"]


@pytest.mark.parametrize("reason", [StopReason.INTERRUPT, StopReason.DISCONNECT])
async def test_a_pending_run_that_is_asked_to_stop_ends_at_once_and_leaves_its_place(
    world: World, reason: StopReason
) -> None:
    first = await world.add(new_id(), create_thread=True)
    second = await world.add(first.thread_id)
    assert [run.run_id for run in await world.stop(first, reason)] == [first.run_id]
    assert await world.statuses(first.thread_id) == ["interrupted", "ready"]
    assert [run.run_id for run in await world.claim()] == [second.run_id]
    assert (await world.row(first)).ended_at


@pytest.mark.parametrize("reason", [StopReason.ROLLBACK, StopReason.DELETE])
async def test_a_pending_run_that_is_taken_back_leaves_no_row(world: World, reason: StopReason) -> None:
    thread = await world.thread(topic="x")
    run = await world.add(thread.thread_id, config={"tags": ["t"]})
    await world.stop(run, reason)
    assert await world.statuses(thread.thread_id) == []
    after = await world.get_thread(thread.thread_id)
    assert (after.status, after.metadata, after.config) == (ThreadStatus.IDLE, {"topic": "x"}, {})


@pytest.mark.parametrize(
    "reason", [StopReason.INTERRUPT, StopReason.DISCONNECT, StopReason.ROLLBACK, StopReason.DELETE]
)
async def test_nothing_is_left_of_a_stateless_run_that_was_stopped_before_it_started(
    world: World, reason: StopReason
) -> None:
    run = await world.add(new_id(), create_thread=True, temporary=True)
    await world.stop(run, reason)
    assert await world.all_rows() == ([], [])


@pytest.mark.parametrize(("reason", "kept"), [(StopReason.INTERRUPT, True), (StopReason.ROLLBACK, False)])
async def test_a_stateless_run_whose_events_are_stored_is_kept_for_them_unless_it_is_taken_back(
    world: World, reason: StopReason, kept: bool
) -> None:
    run = await world.add(new_id(), create_thread=True, temporary=True, stream_resumable=True)
    await world.stop(run, reason)
    threads, runs = await world.all_rows()
    assert (len(threads), len(runs)) == (kept, kept)


async def test_a_running_run_is_only_asked_and_keeps_its_place(world: World) -> None:
    run = await world.start(new_id(), create_thread=True)
    await world.add(run.thread_id)
    assert await world.stop(run, StopReason.INTERRUPT) == [run]
    assert await world.statuses(run.thread_id) == ["running", "pending"]
    assert (await world.row(run)).stop_requested == "interrupt"


async def test_stopping_everything_of_a_viewer_spares_everybody_else(world: World) -> None:
    for viewer in (ALICE, BOB):
        await world.add(new_id(), viewer=viewer, create_thread=True)
        await world.start(new_id(), viewer=viewer, create_thread=True)
    stopping = await world.runs.request_stop(ALICE, RunFilter(statuses=ACTIVE), StopReason.INTERRUPT)
    assert len(stopping) == 2
    assert await world.claims.active_counts() == {RunStatus.PENDING: 1, RunStatus.RUNNING: 2}


async def test_only_what_the_filter_names_is_stopped(world: World) -> None:
    first = await world.start(new_id(), create_thread=True)
    second, third = await world.add(first.thread_id), await world.add(first.thread_id)
    for wanted, stopped in [
        (RunFilter(thread_id=new_id()), []),
        (RunFilter(first.thread_id, run_ids=()), []),
        (RunFilter(first.thread_id, run_ids=(third.run_id, new_id())), [third]),
        (RunFilter(statuses=(RunStatus.RUNNING,)), [first]),
        (RunFilter(first.thread_id, statuses=(RunStatus.PENDING,)), [second]),
    ]:
        stopping = await world.runs.request_stop(ANONYMOUS, wanted, StopReason.INTERRUPT)
        assert [run.run_id for run in stopping] == [run.run_id for run in stopped]


async def test_runs_are_read_by_their_owner_and_in_their_thread_only(world: World) -> None:
    run = await world.add(new_id(), viewer=ALICE, create_thread=True)
    assert await world.runs.get(ALICE, run.run_id) == await world.runs.get(ALICE, run.run_id, run.thread_id)
    for viewer, thread_id in [(BOB, None), (BOB, run.thread_id), (ALICE, new_id())]:
        with pytest.raises(RunNotFound, match=f"^Run {run.run_id} not found$"):
            await world.runs.get(viewer, run.run_id, thread_id)
    assert await world.runs.list_of_thread(BOB, run.thread_id, None, 10, 0) == []


async def test_a_threads_runs_are_listed_newest_first_in_pages(world: World) -> None:
    thread = await world.thread()
    ids = [(await world.add(thread.thread_id)).run_id for _ in range(5)][::-1]
    await world.add(new_id(), create_thread=True)

    async def listed(limit: int, offset: int, status: RunStatus | None = None) -> list[str]:
        runs = await world.runs.list_of_thread(ANONYMOUS, thread.thread_id, status, limit, offset)
        return [run.run_id for run, _ in runs]

    assert await listed(10, 0) == ids
    assert [await listed(2, offset) for offset in (0, 2, 4, 6)] == [ids[:2], ids[2:4], ids[4:], []]
    assert await listed(10, 0, RunStatus.PENDING) == ids
    assert await listed(10, 0, RunStatus.SUCCESS) == []
