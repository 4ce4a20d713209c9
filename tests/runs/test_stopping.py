"""Stops: each reason leaves what it should, whenever it comes."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from kit.waiting import let_others_run, wait_until
from runline.errors import NotCancellable, RunNotFound, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import ACTIVE, CancelAction, RunStatus, StopReason, ThreadStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunFilter
from runline.storage.segments import Attempt, SegmentStore
from runs.agents import GATES
from runs.house import House


async def test_an_interrupt_keeps_what_the_graph_has_done(house: House) -> None:
    run = await house.hold(await house.thread())
    await house.cancel(run)
    told = await house.end(run)
    assert (await house.status(run), told.result["log"]) == (RunStatus.INTERRUPTED, ["begin"])
    assert "error" not in told.names
    thread = await house.get_thread(run.thread_id)
    assert (thread.status, thread.values["log"]) == (ThreadStatus.INTERRUPTED, ["begin"])
    assert thread.error == {
        "error": "UserInterrupt",
        "message": "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    }


async def test_an_interrupted_run_can_be_continued(house: House) -> None:
    run = await house.hold(await house.thread())
    await house.cancel(run)
    await house.end(run)
    GATES["gate"].open()
    await house.finish(run.thread_id, input=None)
    assert await house.log(run.thread_id) == ["begin", "wait gate", "end"]


async def test_a_client_that_leaves_interrupts_its_run(house: House) -> None:
    run = await house.hold(await house.thread())
    await house.core.runs.disconnect(ANONYMOUS, run.run_id)
    await house.end(run)
    assert await house.status(run) is RunStatus.INTERRUPTED
    error = (await house.get_thread(run.thread_id)).error
    assert error == {
        "error": "UserInterrupt",
        "message": "client disconnected from the run stream (on_disconnect=cancel)",
    }


async def undo(house: House, run: Run, how: str) -> Any:
    if how == "delete":
        return await house.core.runs.delete(ANONYMOUS, run.thread_id, run.run_id)
    return await house.cancel(run, "rollback")


@pytest.mark.parametrize("how", ["rollback", "delete"])
async def test_a_run_that_is_taken_back_leaves_its_thread_as_before(house: House, how: str) -> None:
    thread_id = (await house.finish(await house.thread(), "before")).thread_id
    before, states = await house.get_thread(thread_id), await house.core.states.get(ANONYMOUS, thread_id)
    run = await house.hold(thread_id, config={"tags": ["t"]})
    await undo(house, run, how)
    told = await house.end(run)
    assert told.result == before.values
    assert await house.status(run) is None
    after = await house.get_thread(thread_id)
    assert (after.status, after.values, after.metadata, after.config) == (
        before.status,
        before.values,
        before.metadata,
        before.config,
    )
    assert await house.core.states.get(ANONYMOUS, thread_id) == states
    assert (after.error or {}).get("error") == ("UserRollback" if how == "rollback" else None)


async def test_an_ended_run_can_be_deleted_with_what_it_did(house: House) -> None:
    first = await house.finish(await house.thread(), "first")
    second = await house.finish(first.thread_id, "second")
    await house.core.runs.delete(ANONYMOUS, second.thread_id, second.run_id)
    assert await house.status(second) is None
    assert await house.log(first.thread_id) == ["first"]
    assert (await house.get_thread(first.thread_id)).values["log"] == ["first"]


async def test_deleting_an_earlier_run_leaves_the_later_ones_state_readable(house: House) -> None:
    first = await house.finish(await house.thread(), "first")
    await house.finish(first.thread_id, "second")
    await house.core.runs.delete(ANONYMOUS, first.thread_id, first.run_id)
    assert await house.log(first.thread_id) == ["first", "second"]


async def test_deleting_a_thread_stops_what_runs_and_leaves_nothing(house: House) -> None:
    run = await house.hold(await house.thread())
    waiting = await house.create(run.thread_id, "later")
    streams = [asyncio.create_task(house.read(one)) for one in (run, waiting)]
    await house.core.runs.delete_thread(ANONYMOUS, run.thread_id)
    assert all(told.ended for told in await asyncio.gather(*streams))
    assert not house.core.worker.live
    assert await house.core.runs.saver.newest_of_run(run.run_id) is None
    with pytest.raises(ThreadNotFound):
        await house.get_thread(run.thread_id)
    with pytest.raises(ThreadNotFound):
        await house.core.runs.delete_thread(ANONYMOUS, run.thread_id)


@pytest.mark.parametrize(("action", "status"), [("interrupt", RunStatus.INTERRUPTED), ("rollback", None)])
async def test_a_pending_run_ends_at_once_and_so_does_its_stream(
    house: House, action: str, status: RunStatus | None
) -> None:
    running = await house.hold(await house.thread())
    run = await house.create(running.thread_id, "never")
    await house.cancel(run, action)
    assert await house.status(run) is status
    told = await house.read(run)
    assert (told.events, told.result) == ([], None)
    GATES["gate"].open()
    await house.end(running)
    assert await house.log(running.thread_id) == ["begin", "wait gate", "end"]


async def test_asking_twice_is_accepted_and_the_stronger_wish_counts(house: House) -> None:
    run = await house.create(await house.thread(), "begin", "ignore gate", "wait other", "end")
    await wait_until(lambda: GATES["gate"].visits)
    for action in ("interrupt", "rollback", "interrupt"):
        await house.cancel(run, action)
    await house.end(run)
    assert await house.status(run) is None
    assert await house.log(run.thread_id) == []


async def test_a_graph_that_takes_no_notice_of_its_cancellation_ends_by_the_stop_all_the_same(house: House) -> None:
    run = await house.create(await house.thread(), "begin", "ignore gate")
    await wait_until(lambda: GATES["gate"].visits)
    await house.cancel(run)
    await house.end(run)
    assert GATES["gate was cancelled"].opened.is_set()
    assert await house.status(run) is RunStatus.INTERRUPTED


async def test_an_ended_run_cannot_be_cancelled(house: House) -> None:
    run = await house.finish(await house.thread(), "one")
    with pytest.raises(NotCancellable, match=rf"^Run {run.run_id} is not cancellable \(status: success\)$"):
        await house.cancel(run)
    with pytest.raises(RunNotFound):
        await house.core.runs.cancel(ANONYMOUS, run.thread_id, new_id(), CancelAction.INTERRUPT)


async def test_many_runs_are_stopped_together(house: House) -> None:
    first = await house.hold(await house.thread())
    runs = [first, await house.create(first.thread_id, "later"), await house.hold(await house.thread())]
    await house.core.runs.cancel_many(ANONYMOUS, RunFilter(statuses=ACTIVE), CancelAction.INTERRUPT)
    for run in runs:
        await house.end(run)
    assert [await house.status(run) for run in runs] == [RunStatus.INTERRUPTED] * 3


async def test_a_stop_that_only_the_store_knows_of_is_heard_at_the_end(house: House) -> None:
    """Another process wrote it down, and its bell was lost."""
    run = await house.hold(await house.thread())
    await house.core.runs.runs.request_stop(ANONYMOUS, RunFilter(run_ids=(run.run_id,)), StopReason.ROLLBACK)
    GATES["gate"].open()
    await house.end(run)
    assert await house.status(run) is None
    assert await house.log(run.thread_id) == []


async def test_a_successor_that_is_cancelled_before_it_has_begun_stops(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was claimed in the transaction that ended its predecessor, which has still its stream to end."""
    entered, leave, compact = asyncio.Event(), asyncio.Event(), SegmentStore.compact

    async def compact_slowly(segments: SegmentStore, attempt: Attempt) -> None:
        entered.set()
        await leave.wait()
        await compact(segments, attempt)

    monkeypatch.setattr(SegmentStore, "compact", compact_slowly)
    first = await house.hold(await house.thread(), stream_resumable=True)
    second = await house.create(first.thread_id, "begin", "wait other")
    GATES["gate"].open()
    await entered.wait()
    await house.cancel(second)
    leave.set()
    async with asyncio.timeout(30):
        await house.end(second)
    assert await house.status(second) is RunStatus.INTERRUPTED


@pytest.mark.parametrize("seed", range(20))
async def test_a_stop_at_any_moment_leaves_one_true_end(house: House, seed: int) -> None:
    chance = random.Random(seed)
    thread_id = (await house.finish(await house.thread(), "before")).thread_id
    run = await house.create(thread_id, "one", "write 5", "two", "three", stream_mode=("values", "custom"))
    reading = asyncio.create_task(house.read(run))
    for _ in range(int(chance.choice([10, 100, 1000, 3000]) * chance.random())):
        await asyncio.sleep(0)
    action = chance.choice(["interrupt", "rollback"])
    try:
        await house.cancel(run, action)
    except NotCancellable:
        action = "none"
    told = await reading
    await house.core.worker.ended(run.run_id)
    assert told.ended
    assert told.seqs == list(range(1, len(told.seqs) + 1))
    expected = {"interrupt": RunStatus.INTERRUPTED, "rollback": None, "none": RunStatus.SUCCESS}
    assert await house.status(run) is expected[action]
    assert (await house.get_thread(thread_id)).status is not ThreadStatus.BUSY
    log = await house.log(thread_id)
    assert log == (["before"] if action == "rollback" else ["before", "one", "write 5", "two", "three"][: len(log)])
    assert (await house.get_thread(thread_id)).values["log"] == log


@pytest.mark.parametrize("turns", range(6))
async def test_nothing_of_a_run_goes_on_that_was_told_to_stop_again_and_again(house: House, turns: int) -> None:
    """By a request, a bell and the renewal of its lease. Cancelled twice, LangGraph leaves nodes behind for a while."""
    for mode in ("custom", "updates"):
        run = await house.hold(await house.thread(), stream_mode=(mode,))
        for _ in range(3):
            house.core.worker.stop(run.run_id, StopReason.INTERRUPT)
            await let_others_run(turns)
        await house.core.worker.ended(run.run_id)
        assert not GATES["gate"].inside
        assert await house.status(run) is RunStatus.INTERRUPTED
