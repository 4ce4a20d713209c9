"""RunLogStore, and what the transactions that end runs write of their logs and of the ledger."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import update

from runline.kit.ids import new_id
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import RunOutcome
from runline.model.run_event import EventType
from runline.model.usage import Tokens
from runline.model.viewer import ANONYMOUS
from runline.storage.run_log import RunLogStore
from runline.storage.tables import runs
from storage.ledgers import call, events_of, message, some, trace, types_of, usage_of
from storage.world import FAILED, INTERRUPTED, SUCCESS, World, state


@pytest.fixture
def logs(world: World) -> RunLogStore:
    return RunLogStore(world.database)


async def seqs(world: World, thread_id: str) -> list[int]:
    return [row.seq for row in await events_of(world.database, thread_id)]


async def test_numbers_are_those_of_the_thread_over_all_its_runs(world: World, logs: RunLogStore) -> None:
    thread_id = (await world.thread()).thread_id
    first = await world.start(thread_id)
    await logs.append({(first.run_id, 1): some(first)})
    await world.leases.finish(first, SUCCESS, None, None, Entries([trace(first)]))
    second = await world.start(thread_id)
    await logs.append({(second.run_id, 1): some(second)})
    other = await world.start((await world.thread()).thread_id)
    await logs.append({(other.run_id, 1): some(other)})
    assert await seqs(world, thread_id) == [1, 2, 3, 4, 5, 6]
    assert await seqs(world, other.thread_id) == [1, 2]
    assert await types_of(world.database, first) == ["node.start", "human_message", "node.start", "run.end"]


async def test_one_batch_takes_several_runs_and_threads(world: World, logs: RunLogStore) -> None:
    started = [await world.start((await world.thread()).thread_id) for _ in range(3)]
    await logs.append({(run.run_id, 1): some(run) for run in started})
    for run in started:
        assert await seqs(world, run.thread_id) == [1, 2]
    assert len(await usage_of(world.database)) == 3


async def test_many_writers_on_one_thread_leave_no_gap_and_no_number_twice(world: World, logs: RunLogStore) -> None:
    run = await world.start((await world.thread()).thread_id)

    async def write(number: int) -> None:
        for _ in range(10):
            await logs.append({(run.run_id, 1): Entries([trace(run)] * (1 + number % 3))})

    writers = [asyncio.create_task(write(number)) for number in range(16)]
    done, late = await asyncio.wait(writers, return_when=asyncio.FIRST_COMPLETED)
    for writer in list(late)[::2]:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    written = await seqs(world, run.thread_id)
    assert written == list(range(1, len(written) + 1))
    assert len(written) >= 10 * len(done)


@pytest.mark.parametrize("outcome", [SUCCESS, INTERRUPTED, RunOutcome(RunStatus.TIMEOUT)], ids=lambda it: it.status)
async def test_the_last_entry_of_a_run_tells_its_status(world: World, outcome: RunOutcome) -> None:
    run = await world.start((await world.thread()).thread_id)
    entries = Entries([trace(run)], [call(run, 5), call(run, 7)])
    await world.leases.finish(run, outcome, None, None, entries)
    assert await types_of(world.database, run) == ["node.start", "run.end"]
    *_, last = await events_of(world.database, run.thread_id)
    assert (last.category, last.content["status"]) == ("outputs", outcome.status)
    assert last.content["usage"] == {"input_tokens": 12, "output_tokens": 12, "total_tokens": 24}
    assert last.content["duration_ms"] >= 0


async def test_the_last_entry_of_a_failed_run_tells_why(world: World) -> None:
    run = await world.start((await world.thread()).thread_id)
    await world.leases.finish(run, FAILED, None, None)
    [last] = await events_of(world.database, run.thread_id)
    assert last.event_type == "run.error"
    assert (last.content["type"], last.content["message"]) == ("ValueError", "no")


async def test_what_a_run_has_used_is_taken_from_its_entries_where_they_know_it(world: World) -> None:
    run = await world.start((await world.thread()).thread_id)
    entries = Entries([], [call(run, 5)], spent=Tokens(50, 50, 100))
    await world.leases.finish(run, SUCCESS, None, None, entries)
    [last] = await events_of(world.database, run.thread_id)
    assert last.content["usage"]["total_tokens"] == 100


async def test_entries_of_a_lost_attempt_are_refused_but_what_it_cost_is_kept(world: World, logs: RunLogStore) -> None:
    zombie = await world.start((await world.thread()).thread_id)
    await world.leases.requeue(zombie, crashed=True)
    [again] = await world.claim()
    await logs.append({(zombie.run_id, 1): some(zombie), (again.run_id, 2): some(again)})
    assert not (await world.leases.finish(zombie, SUCCESS, None, None, some(zombie))).held
    assert not (await world.leases.discard(zombie, None, None, StopReason.ROLLBACK, some(zombie))).held
    assert not await world.leases.requeue(zombie, crashed=False, entries=some(zombie))
    assert await types_of(world.database, again) == ["node.start", "human_message"]
    assert sorted(row.attempt for row in await usage_of(world.database)) == [1, 1, 1, 1, 2]


async def test_nothing_is_told_behind_the_end_but_late_calls_are_counted(world: World, logs: RunLogStore) -> None:
    run = await world.start((await world.thread()).thread_id)
    await world.finish(run)
    await logs.append({(run.run_id, 1): some(run)})
    assert await types_of(world.database, run) == ["run.end"]
    assert len(await usage_of(world.database, run)) == 1


async def test_a_run_given_back_to_the_queue_keeps_what_it_told_and_has_no_end(world: World) -> None:
    run = await world.start((await world.thread()).thread_id)
    assert await world.leases.requeue(run, crashed=False, entries=some(run))
    assert await types_of(world.database, run) == ["node.start", "human_message"]
    assert len(await usage_of(world.database, run)) == 1


async def test_a_stop_that_comes_first_does_not_cost_the_entries(world: World) -> None:
    run = await world.start((await world.thread()).thread_id)
    await world.stop(run, StopReason.ROLLBACK)
    assert (await world.leases.finish(run, SUCCESS, None, None, some(run))).stop is StopReason.ROLLBACK
    assert await types_of(world.database, run) == ["node.start", "human_message"]


async def test_a_rollback_takes_back_the_messages_and_leaves_the_trace_and_the_cost(
    world: World, logs: RunLogStore
) -> None:
    before = await world.start((await world.thread()).thread_id)
    await world.leases.finish(before, SUCCESS, None, None, some(before))
    run = await world.start(before.thread_id)
    await logs.append({(run.run_id, 1): some(run)})
    assert (await world.leases.discard(run, state(), None, StopReason.ROLLBACK, some(run))).held
    assert await types_of(world.database, run) == ["node.start", "node.start", "run.rollback"]
    assert await types_of(world.database, before) == ["node.start", "human_message", "run.end"]
    assert [row.rolled_back for row in await usage_of(world.database, run)] == [1, 1]
    assert [row.rolled_back for row in await usage_of(world.database, before)] == [0]
    *_, last = await events_of(world.database, run.thread_id)
    assert last.content["usage"]["total_tokens"] == 40


async def test_a_call_that_ends_behind_the_rollback_of_its_run_is_rolled_back_too(
    world: World, logs: RunLogStore
) -> None:
    run = await world.start((await world.thread()).thread_id)
    await world.leases.discard(run, state(), None, StopReason.ROLLBACK)
    await logs.append({(run.run_id, 1): some(run)})
    assert [row.rolled_back for row in await usage_of(world.database, run)] == [1]
    assert await types_of(world.database, run) == ["run.rollback"]


@pytest.mark.parametrize("ended", [False, True])
async def test_a_deletion_leaves_nothing_in_the_log_but_the_cost(world: World, *, ended: bool) -> None:
    run = await world.start((await world.thread()).thread_id)
    if ended:
        await world.leases.finish(run, SUCCESS, None, None, some(run))
    entries = NOTHING if ended else some(run)
    assert (await world.leases.discard(run, state(), None, StopReason.DELETE, entries)).held
    assert await events_of(world.database, run.thread_id) == []
    assert [row.rolled_back for row in await usage_of(world.database, run)] == [0]
    # its numbers are not given again
    after = await world.start(run.thread_id)
    await world.finish(after)
    assert await seqs(world, run.thread_id) == ([4] if ended else [1])


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (StopReason.INTERRUPT, ["run.end"]),
        (StopReason.DISCONNECT, ["run.end"]),
        (StopReason.ROLLBACK, ["run.rollback"]),
        (StopReason.DELETE, []),
    ],
)
async def test_a_run_that_was_stopped_before_it_started_has_its_end_in_the_log(
    world: World, reason: StopReason, told: list[str]
) -> None:
    running = await world.start((await world.thread()).thread_id)
    waiting = await world.add(running.thread_id)
    await world.stop(waiting, reason)
    assert await types_of(world.database, waiting) == told


async def test_an_evicted_run_has_its_end_in_the_log(world: World) -> None:
    running = await world.start((await world.thread()).thread_id)
    waiting = await world.add(running.thread_id)
    await world.admit(running.thread_id, multitask_strategy="rollback")
    assert await types_of(world.database, waiting) == ["run.rollback"]
    assert await types_of(world.database, running) == []


async def test_a_run_that_cannot_be_read_has_its_end_in_the_log(world: World) -> None:
    running = await world.start((await world.thread()).thread_id)
    broken = await world.add(running.thread_id)
    await world.execute(update(runs).where(runs.c.run_id == broken.run_id).values(spec={"unknown": 1}))
    await world.finish(running)
    *_, last = await events_of(world.database, broken.thread_id)
    assert (last.run_id, last.event_type, last.content["type"]) == (broken.run_id, "run.error", "Unreadable")


async def test_the_log_goes_with_its_thread_and_the_ledger_stays(world: World, logs: RunLogStore) -> None:
    run = await world.start((await world.thread()).thread_id)
    await logs.append({(run.run_id, 1): some(run)})
    await world.threads.delete(ANONYMOUS, run.thread_id)
    await logs.append({(run.run_id, 1): some(run)})
    assert await events_of(world.database, run.thread_id) == []
    assert await world.count("event_counters") == 0
    assert len(await usage_of(world.database, run)) == 2


async def test_a_stateless_run_has_no_log_but_its_cost_is_kept(world: World) -> None:
    ways = [SUCCESS, FAILED]
    for outcome in ways:
        run = await world.start(new_id(), create_thread=True, temporary=True)
        await world.leases.finish(run, outcome, None, None, Entries(usage=[call(run)]))
        assert await world.row(run) is None
    undone = await world.start(new_id(), create_thread=True, temporary=True)
    await world.leases.discard(undone, None, None, StopReason.ROLLBACK, Entries(usage=[call(undone)]))
    assert await world.count("run_events") == 0
    assert [row.rolled_back for row in await usage_of(world.database)] == [0, 0, 1]


async def test_a_call_counts_once_however_often_it_is_written(world: World, logs: RunLogStore) -> None:
    run = await world.start((await world.thread()).thread_id)
    entry = call(run)
    await logs.append({(run.run_id, 1): Entries(usage=[entry, entry])})
    await world.leases.finish(run, SUCCESS, None, None, Entries(usage=[replace(entry, duration_ms=9)]))
    [row] = await usage_of(world.database)
    assert row.duration_ms == 1


async def test_the_store_knows_which_human_messages_a_thread_has(world: World, logs: RunLogStore) -> None:
    run = await world.start((await world.thread()).thread_id)
    await logs.append({(run.run_id, 1): Entries([trace(run, EventType.RUN_START)])})
    assert not (await logs.known_messages(run.thread_id)).run_ids
    told = replace(message(run), content={"type": "human", "content": "hello", "id": "7"})
    await logs.append({(run.run_id, 1): Entries([told, message(run)])})
    known = await logs.known_messages(run.thread_id)
    assert known.run_ids == {run.run_id}
    assert [known.has({"id": name}) for name in ("7", "8", None, ["7"])] == [True, False, False, False]
