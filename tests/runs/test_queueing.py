"""Who runs when: queues of threads, slots of the worker, and bells instead of polls (the poll is switched off here)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from kit.waiting import let_others_run, wait_until
from runline.errors import NotCancellable, ThreadBusy
from runline.model.lifecycle import RunStatus, ThreadStatus
from runline.model.viewer import ANONYMOUS
from runline.streams.memory import MemoryBell
from runs.agents import GATES
from runs.house import House, open_house


async def test_a_threads_runs_go_one_after_the_other_without_waiting_for_a_poll(house: House) -> None:
    first = await house.hold(await house.thread())
    later = [await house.create(first.thread_id, name) for name in ("two", "three", "four")]
    assert [await house.status(run) for run in later] == [RunStatus.PENDING] * 3
    GATES["gate"].open()
    for run in (first, *later):
        await house.end(run)
    assert await house.log(first.thread_id) == ["begin", "wait gate", "end", "two", "three", "four"]
    assert (await house.get_thread(first.thread_id)).status is ThreadStatus.IDLE


async def test_a_reader_of_a_waiting_run_gets_its_events_when_it_runs(house: House) -> None:
    first = await house.hold(await house.thread())
    second = await house.create(first.thread_id, "two")
    reading = asyncio.create_task(house.read(second))
    await let_others_run()
    GATES["gate"].open()
    assert (await reading).names[0] == "metadata"


async def test_a_failed_run_does_not_hold_up_its_successor(house: House) -> None:
    first = await house.hold(await house.thread())
    failing, last = await house.create(first.thread_id, "fail"), await house.create(first.thread_id, "last")
    GATES["gate"].open()
    for run in (failing, last):
        await house.end(run)
    assert [await house.status(run) for run in (failing, last)] == [RunStatus.ERROR, RunStatus.SUCCESS]


async def test_reject_refuses_company(house: House) -> None:
    first = await house.hold(await house.thread())
    with pytest.raises(ThreadBusy):
        await house.create(first.thread_id, "two", strategy="reject")


async def test_interrupt_stops_what_runs_and_goes_on_from_what_it_did(house: House) -> None:
    first = await house.hold(await house.thread())
    waiting = await house.create(first.thread_id, "never")
    last = await house.create(first.thread_id, "last", strategy="interrupt")
    for run in (first, waiting, last):
        await house.end(run)
    assert [await house.status(run) for run in (first, waiting, last)] == [
        RunStatus.INTERRUPTED,
        RunStatus.INTERRUPTED,
        RunStatus.SUCCESS,
    ]
    assert await house.log(first.thread_id) == ["begin", "last"]


async def test_rollback_takes_back_what_runs_and_goes_on_from_before_it(house: House) -> None:
    thread_id = (await house.finish(await house.thread(), "before")).thread_id
    first = await house.hold(thread_id)
    waiting = await house.create(thread_id, "never")
    last = await house.create(thread_id, "last", strategy="rollback")
    for run in (first, waiting, last):
        await house.end(run)
    assert [await house.status(run) for run in (first, waiting, last)] == [None, None, RunStatus.SUCCESS]
    assert await house.log(thread_id) == ["before", "last"]


async def test_a_delayed_run_waits_and_its_thread_is_busy(house: House) -> None:
    run = await house.create(await house.thread(), "one", after_seconds=3600)
    assert await house.status(run) is RunStatus.PENDING
    assert (await house.get_thread(run.thread_id)).status is ThreadStatus.BUSY


async def test_a_delayed_run_starts_when_it_is_due(house: House) -> None:
    run = await house.create(await house.thread(), "one", after_seconds=0.05)
    await house.end(run)
    row = await house.now(run)
    assert row.started_at
    assert row.started_at >= row.due_at


async def test_a_delayed_run_is_overtaken_by_what_comes_before_it_is_due(house: House) -> None:
    delayed = await house.create(await house.thread(), "delayed", after_seconds=3600)
    await house.end(await house.create(delayed.thread_id, "meanwhile"))
    assert await house.log(delayed.thread_id) == ["meanwhile"]
    await house.let_come_due(delayed)
    await house.end(delayed)
    assert await house.log(delayed.thread_id) == ["meanwhile", "delayed"]


async def test_a_state_update_makes_runs_wait_and_lets_them_go(house: House) -> None:
    thread_id = (await house.finish(await house.thread(), "before")).thread_id
    hold = await house.core.threads.hold(ANONYMOUS, thread_id, 15)
    assert hold
    run = await house.create(thread_id, "after")
    assert await house.status(run) is RunStatus.PENDING
    await house.core.threads.release(hold)
    house.core.runs.bell.ring()
    await house.end(run)


async def test_no_more_runs_than_slots_execute_at_once(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"concurrency": 2}) as house:
        runs = await asyncio.gather(*(house.create(None, "wait gate", "end") for _ in range(6)))
        await wait_until(lambda: GATES["gate"].visits >= 2)
        await let_others_run(100)
        assert (GATES["gate"].visits, len(house.core.worker.live)) == (2, 2)
        GATES["gate"].open()
        for run in runs:
            await house.end(run)
        assert [await house.status(run) for run in runs] == [RunStatus.SUCCESS] * 6


async def test_runs_that_wait_for_a_slot_start_in_the_order_of_their_creation(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"concurrency": 1}) as house:
        blocking = await house.hold()
        runs = [await house.create(None, "one") for _ in range(4)]
        GATES["gate"].open()
        for run in (blocking, *runs):
            await house.end(run)
        started = [(await house.now(run)).started_at or run.created_at for run in (blocking, *runs)]
        assert started == sorted(started)


async def test_stopping_several_runs_starts_no_more_successors_than_there_are_slots(tmp_path: Path) -> None:
    async with open_house(tmp_path, workers={"concurrency": 1}) as house:
        blocking = await house.hold(gate="blocking")
        heads = [await house.create(None, "never") for _ in range(3)]
        for head in heads:
            await house.create(head.thread_id, "wait gate")
        GATES["blocking"].open()
        await wait_until(lambda: blocking.run_id not in house.core.worker.live)
        for head in heads:
            # one that got the slot may have ended meanwhile
            with suppress(NotCancellable):
                await house.cancel(head)
        await let_others_run(100)
        assert len(house.core.worker.live) <= 1
        GATES["gate"].open()
        await wait_until(lambda: not house.core.worker.live)


async def test_a_worker_without_a_free_slot_sleeps_though_runs_are_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Listening(MemoryBell):
        async def wait(self, timeout: float) -> None:
            waits.append(timeout)
            await super().wait(timeout)

    monkeypatch.setattr("runline.core.MemoryBell", Listening)
    async with open_house(tmp_path, workers={"concurrency": 1}) as house:
        blocking = await house.hold()
        run = await house.create(None, "one")
        before = len(waits)
        await let_others_run(500)
        assert waits[-1] > 1
        assert len(waits) - before <= 2
        GATES["gate"].open()
        for one in (blocking, run):
            await house.end(one)


async def test_a_lost_bell_delays_a_run_to_the_next_poll_and_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MemoryBell, "ring", lambda _: None)
    async with open_house(tmp_path, workers={"concurrency": 1, "poll_seconds": 0.02}) as house:
        blocking = await house.hold()
        run = await house.create(None, "one")
        GATES["gate"].open()
        for one in (blocking, run):
            await house.end(one)
        assert await house.status(run) is RunStatus.SUCCESS
