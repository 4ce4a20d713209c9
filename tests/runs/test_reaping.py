"""The reaper: runs whose worker died are given back, brought to the end that was asked for, or given up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from kit.waiting import let_others_run, wait_until
from runline.model.lifecycle import RunStatus, StopReason, ThreadStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunFilter
from runline.streams.contracts import Ended
from runs.agents import GATES, moods
from runs.house import GRAPHS, House, kept_by, open_house
from shared import HASTE_SECONDS


async def ask_to_stop(house: House, run: Run, reason: StopReason) -> None:
    """Write the wish down as a process does that does not execute the run."""
    await house.core.runs.runs.request_stop(ANONYMOUS, RunFilter(run_ids=(run.run_id,)), reason)


async def kill(house: House, run: Run) -> None:
    """Let the run's worker forget it in the middle, as if its process had died."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() in (f"run {run.run_id}", f"graph {run.run_id}")]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await let_others_run(50)
    assert not house.core.worker.live


async def test_at_the_start_every_running_run_counts_as_abandoned_and_is_executed_again(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.abandon(await house.thread(), "attempt")
        waiting = await house.create(run.thread_id, "later")
        await house.core.drain()
    async with open_house(tmp_path) as house:
        for one in (run, waiting):
            await house.reach(one, RunStatus.SUCCESS)
        assert await house.log(run.thread_id) == ["attempt 2", "later"]


async def test_a_run_whose_worker_died_goes_on_from_its_newest_checkpoint(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(await house.thread())
        await kill(house, run)
        assert await house.status(run) is RunStatus.RUNNING
        GATES["gate"].open()
    async with open_house(tmp_path) as house:
        await house.end(await house.now(run))
        assert await house.log(run.thread_id) == ["begin", "wait gate", "end"]


async def test_an_expired_lease_is_found_without_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"lease_seconds": 0.1}) as house:
        run = await house.abandon(await house.thread(), "attempt")
        await house.reach(run, RunStatus.SUCCESS)
        # who stands still for longer than so short a lease holds may lose it again
        [said] = await house.log(run.thread_id)
        assert said > "attempt 1"


async def test_leases_are_renewed_as_soon_as_an_outage_of_the_database_is_over(tmp_path: Path) -> None:
    workers, database = {"lease_seconds": 20 * HASTE_SECONDS}, {"busy_timeout_seconds": HASTE_SECONDS}
    async with open_house(tmp_path, workers=workers, database=database) as house:
        run = await house.hold(await house.thread())
        kept = kept_by(tmp_path)
        with capture_logs() as logs:

            def tries() -> int:
                return sum(entry["event"] == "leases cannot be renewed yet" for entry in logs)

            def lease() -> str:
                return str(kept.rows("runs", "lease_until")[0][0])

            with kept.locked():
                before = lease()
                await wait_until(lambda: tries() > 3)
                tried = tries()
            await wait_until(lambda: lease() > before)
        assert tries() <= tried + 1
        GATES["gate"].open()
        await house.end(run)
        assert (await house.now(run)).attempt == 1


async def test_a_run_that_executes_here_keeps_its_lease_for_as_long_as_it_takes(tmp_path: Path) -> None:
    # who shares a database lets go of a lease that it could not renew in time
    lease_seconds = 3 * HASTE_SECONDS
    async with open_house(tmp_path, workers={"lease_seconds": lease_seconds}) as house:
        run = await house.hold(await house.thread())
        row = await house.core.runs.runs.get(ANONYMOUS, run.run_id)
        clock = asyncio.get_running_loop().time
        until = clock() + 5 * lease_seconds
        await wait_until(lambda: clock() > until)
        assert run.run_id in house.core.worker.live
        GATES["gate"].open()
        await house.end(run)
        assert ((await house.now(run)).status, (await house.now(run)).attempt) == (RunStatus.SUCCESS, row.attempt)


async def test_a_run_that_outlives_too_many_workers_is_given_up(tmp_path: Path) -> None:
    error = {"error": "WorkerDied", "message": "The run's worker died 2 times while executing it"}
    workers = {"max_attempts": 2}
    async with open_house(tmp_path, workers=workers) as house:
        run = await house.hold(await house.thread())
        await kill(house, run)
    async with open_house(tmp_path, workers=workers) as house:
        await wait_until(lambda: GATES["gate"].visits == 2)
        await kill(house, run)
        waiting = await house.create(run.thread_id, "later")
    async with open_house(tmp_path, workers=workers) as house:
        ended = await house.now(run)
        assert (ended.status, ended.error) == (RunStatus.ERROR, error)
        assert (await house.read(ended)).result == {"__error__": error}
        await house.reach(waiting, RunStatus.SUCCESS)
        assert await house.log(run.thread_id) == ["begin", "later"]


@pytest.mark.parametrize("reason", [StopReason.ROLLBACK, StopReason.DELETE])
async def test_a_rollback_that_was_not_finished_is_finished_at_the_next_start(
    tmp_path: Path, reason: StopReason
) -> None:
    async with open_house(tmp_path) as house:
        thread_id = (await house.finish(await house.thread(), "before")).thread_id
        run = await house.hold(thread_id)
        await ask_to_stop(house, run, reason)
        await kill(house, run)
        assert await house.status(run) is RunStatus.RUNNING
    async with open_house(tmp_path) as house:
        assert await house.status(run) is None
        assert await house.log(thread_id) == ["before"]
        thread = await house.get_thread(thread_id)
        assert (thread.status, thread.values["log"]) == (ThreadStatus.IDLE, ["before"])


@pytest.mark.parametrize("reason", [StopReason.INTERRUPT, StopReason.DISCONNECT])
async def test_an_interrupt_that_was_not_finished_is_finished_at_the_next_start(
    tmp_path: Path, reason: StopReason
) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(await house.thread())
        await ask_to_stop(house, run, reason)
        await kill(house, run)
    async with open_house(tmp_path) as house:
        assert await house.status(run) is RunStatus.INTERRUPTED
        thread = await house.get_thread(run.thread_id)
        assert (thread.status, thread.values["log"]) == (ThreadStatus.INTERRUPTED, ["begin"])
        assert (thread.error or {})["error"] == "UserInterrupt"


async def test_a_state_update_that_was_not_finished_frees_its_thread_at_the_next_start(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        thread_id = (await house.finish(await house.thread(), "one")).thread_id
        await house.core.threads.hold(ANONYMOUS, thread_id, 1000)
        waiting = await house.create(thread_id, "later")
    async with open_house(tmp_path) as house:
        await house.reach(waiting, RunStatus.SUCCESS)
        assert (await house.get_thread(thread_id)).status is ThreadStatus.IDLE


@pytest.mark.parametrize("reason", [None, StopReason.ROLLBACK, StopReason.INTERRUPT])
@pytest.mark.parametrize("crashes", [1, 2])
async def test_an_abandoned_run_of_a_graph_that_is_broken_now_does_not_keep_the_gateway_from_starting(
    tmp_path: Path, reason: StopReason | None, crashes: int
) -> None:
    workers = {"max_attempts": crashes}
    async with open_house(tmp_path, workers=workers) as house:
        run = await house.abandon(await house.thread(), "one", graph="moody")
        if reason:
            await ask_to_stop(house, run, reason)
        other = await house.abandon(await house.thread(), "one")
    graphs = {**GRAPHS, "moody": "runs.agents:missing"}
    async with open_house(tmp_path, graphs, workers=workers) as house:
        assert (await house.finish(None, "one")).status is RunStatus.SUCCESS
        await wait_until(lambda: not house.core.worker.live)
        # one that has an attempt left waits for its graph
        waits = reason is None and crashes == 2
        assert (await house.status(run) is RunStatus.PENDING) == waits
        assert ((await house.get_thread(run.thread_id)).status is ThreadStatus.BUSY) == waits
        await house.reach(other, RunStatus.SUCCESS if crashes == 2 else RunStatus.ERROR)


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_stop_is_carried_out_though_the_state_cannot_be_read(house: House, action: str) -> None:
    run = await house.hold(await house.thread(), graph="moody")
    waiting = await house.create(run.thread_id, "later")
    moods["open"] = False
    await house.cancel(run, action)
    async with asyncio.timeout(30):
        await house.end(run)
        await house.end(waiting)
    assert await house.status(run) is (RunStatus.INTERRUPTED if action == "interrupt" else None)
    assert await house.status(waiting) is RunStatus.SUCCESS


async def test_an_abandoned_run_that_is_to_be_undone_at_the_last_moment_is_not_told_to_have_failed(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        run = await house.abandon(await house.thread(), "attempt")
        (abandoned,) = await house.core.claims.expired(everything=True)
        batches = await house.core.runs.follow(run, 0)
        await ask_to_stop(house, run, StopReason.ROLLBACK)
        # as the reaper saw it before the wish
        assert await house.reaper()._take_over(abandoned)
        await house.reach(run, None)
        assert (await house.get_thread(run.thread_id)).status is ThreadStatus.IDLE
        assert [batch async for batch in batches] == [Ended(b"null")]


async def test_the_deletion_of_an_ended_run_that_was_cut_off_is_finished_after_the_restart(tmp_path: Path) -> None:
    """It had the thread's slot, and the checkpoints were gone already."""
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        await house.finish(thread_id, "first")
        run = await house.finish(thread_id, "second")
        hold = await house.core.threads.hold(ANONYMOUS, thread_id, 1000)
        assert hold
        await house.core.leases.doom(run, hold)
        await house.core.runs.saver.adelete_for_runs([run.run_id])
    async with open_house(tmp_path) as house:
        assert await house.status(run) is None
        thread = await house.get_thread(thread_id)
        assert (thread.status, thread.values["log"]) == (ThreadStatus.IDLE, ["first"])


async def test_a_slot_that_is_held_here_is_not_taken_for_abandoned_however_long_it_takes(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"lease_seconds": 0.03}) as house:
        thread_id = await house.thread()
        clock = asyncio.get_running_loop().time
        async with house.core.slots.slot(ANONYMOUS, thread_id):
            until = clock() + 0.15
            run = await house.create(thread_id, "one")
            await wait_until(lambda: clock() > until)
            assert await house.status(run) is RunStatus.PENDING
        await house.reach(run, RunStatus.SUCCESS)
