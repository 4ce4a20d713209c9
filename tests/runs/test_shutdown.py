"""Shutting down: what runs may finish or is given back, nothing new is taken, and all goes on after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from graphs.test_checkpoints import config
from kit.waiting import let_others_run, wait_until
from runline.errors import Unavailable
from runline.graphs.checkpoints import StaleAttempt
from runline.model.lifecycle import RunStatus, ThreadStatus
from runs.agents import GATES
from runs.house import House, open_house


async def test_runs_may_finish_within_the_grace_period(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"shutdown_grace_seconds": 30.0}) as house:
        run = await house.hold(await house.thread())
        draining = asyncio.create_task(house.core.drain())
        await let_others_run()
        assert not draining.done()
        GATES["gate"].open()
        told = await house.read(run)
        await draining
        assert told.ended
        assert await house.status(run) is RunStatus.SUCCESS


async def test_a_run_that_takes_longer_goes_back_to_the_queue_and_its_readers_may_come_again(house: House) -> None:
    run = await house.hold(await house.thread())
    reading = asyncio.create_task(house.read(run))
    joining = asyncio.create_task(house.core.runs.result(run))
    await let_others_run()
    await house.core.drain()
    told = await reading
    assert (told.names, told.ended) == (["metadata", "values", "values"], None)
    with pytest.raises(Unavailable, match="shutting down"):
        await joining
    assert await house.status(run) is RunStatus.PENDING
    assert (await house.get_thread(run.thread_id)).status is ThreadStatus.BUSY


async def test_a_run_that_was_given_back_goes_on_where_it_was_after_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(await house.thread())
    GATES["gate"].open()
    async with open_house(tmp_path) as house:
        await house.end(await house.now(run))
        again = await house.now(run)
        assert (again.status, again.attempt) == (RunStatus.SUCCESS, 2)
        assert await house.log(run.thread_id) == ["begin", "wait gate", "end"]
    assert GATES["gate"].visits == 2


async def test_a_run_that_had_not_saved_anything_starts_anew(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.create(await house.thread(), "wait gate", "attempt", durability="exit")
        await wait_until(lambda: GATES["gate"].visits)
    GATES["gate"].open()
    async with open_house(tmp_path) as house:
        await house.end(await house.now(run))
        assert await house.log(run.thread_id) == ["wait gate", "attempt 2"]


async def test_many_shutdowns_are_no_crashes(tmp_path: Path) -> None:
    run = None
    for _ in range(5):
        async with open_house(tmp_path, workers={"max_attempts": 2}) as house:
            run = run or await house.create(await house.thread(), "wait gate", "attempt")
            visits = GATES["gate"].visits
            await wait_until(lambda: GATES["gate"].visits > visits)  # noqa: B023
    GATES["gate"].open()
    async with open_house(tmp_path, workers={"max_attempts": 2}) as house:
        assert run
        await house.end(await house.now(run))
        assert await house.log(run.thread_id) == ["wait gate", "attempt 6"]


async def test_no_new_run_is_taken_while_shutting_down_and_no_waiting_one_is_started(house: House) -> None:
    run = await house.hold(await house.thread())
    waiting = await house.create(run.thread_id, "later")
    other = await house.thread()
    await house.core.drain()
    with pytest.raises(Unavailable, match=r"^The gateway is shutting down and takes no new runs\.$"):
        await house.create(other, "one")
    assert [await house.status(one) for one in (run, waiting)] == [RunStatus.PENDING] * 2
    assert not house.core.worker.live


async def test_the_successor_of_a_run_that_finishes_while_shutting_down_waits_for_the_next_start(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, workers={"shutdown_grace_seconds": 30.0}) as house:
        run = await house.hold(await house.thread())
        waiting = await house.create(run.thread_id, "later")
        draining = asyncio.create_task(house.core.drain())
        await let_others_run()
        GATES["gate"].open()
        await draining
        assert [await house.status(one) for one in (run, waiting)] == [RunStatus.SUCCESS, RunStatus.PENDING]
    async with open_house(tmp_path) as house:
        await house.end(await house.now(waiting))
        assert await house.log(run.thread_id) == ["begin", "wait gate", "end", "later"]


async def test_a_cancel_that_came_before_the_shutdown_is_carried_out_at_the_next_start_at_the_latest(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(await house.thread())
        await house.cancel(run, "rollback")
    async with open_house(tmp_path) as house:
        await house.reach(run, None)
        assert await house.log(run.thread_id) == []
        assert (await house.get_thread(run.thread_id)).status is ThreadStatus.IDLE
    assert GATES["gate"].visits == 1


async def test_two_houses_in_one_process_do_not_know_each_other(tmp_path: Path, another_folder: Path) -> None:
    async with open_house(tmp_path) as one, open_house(another_folder) as two:
        run = await one.finish(None, "one")
        assert await two.status(run) is None
        assert (await two.finish(None, "two")).status is RunStatus.SUCCESS


@pytest.mark.parametrize("turns", range(0, 120, 6))
async def test_a_step_that_was_saved_before_a_shutdown_was_told_before_it(tmp_path: Path, turns: int) -> None:
    """Wherever it cuts: a later attempt skips what is saved, and only what was told can be replayed."""
    steps = ["visit gate", *(f"step {number}" for number in range(8))]
    async with open_house(tmp_path) as house:
        run = await house.create(await house.thread(), *steps, stream_mode=("updates",), stream_resumable=True)
        await wait_until(lambda: GATES["gate"].visits)
        await let_others_run(turns)
        await house.core.drain()
    async with open_house(tmp_path) as house:
        await house.reach(run, RunStatus.SUCCESS)
        told = [log for update in (await house.read(run)).data("updates") for log in update["act"]["log"]]
        assert list(dict.fromkeys(told)) == await house.log(run.thread_id) == steps


async def test_a_run_that_does_not_stop_is_given_back_and_saves_nothing_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others may go on with it as soon as it is in the queue."""
    monkeypatch.setattr("runline.runs.worker._STOP_SECONDS", 1.0)
    run = await house.create(await house.thread(), "ignore stop", "wait for-ever")
    await wait_until(lambda: GATES["stop"].visits)
    await house.core.drain()
    assert await house.status(run) is RunStatus.PENDING
    of_run: RunnableConfig = {**config(run.thread_id, run_id=run.run_id), "metadata": {"run_attempt": 1}}
    with pytest.raises(StaleAttempt):
        await house.core.runs.saver.aput(of_run, empty_checkpoint(), {}, {})
    GATES["for-ever"].open()
    await house.core.worker.ended(run.run_id)
