"""Streams that are stored: shown only once they are kept, and read again after everything else has forgotten them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.waiting import wait_until
from runline.errors import NotStreamable, Unavailable
from runline.model.event import Event
from runline.model.lifecycle import RunStatus
from runline.model.viewer import ANONYMOUS
from runline.runs import recorder
from runline.storage.segments import Attempt, SegmentStore
from runline.streams.contracts import Ended, EventsGone
from runs.agents import GATES
from runs.house import House, open_house

FORGETFUL = {"retention_seconds": 0.0}


async def test_no_event_is_shown_before_it_is_stored(house: House) -> None:
    run = await house.create(None, "write 50", stream_resumable=True, stream_mode=("custom", "values"))
    segments = house.core.runs.streams.segments
    async for batch in await house.core.runs.follow(run, 0):
        if not isinstance(batch, Ended):
            assert await segments.last_seq(run.run_id) >= batch[-1].seq
    await house.core.worker.ended(run.run_id)
    assert await segments.last_seq(run.run_id) == 53


@pytest.mark.parametrize("after", [0, 1, 30, 52, 53])
async def test_a_run_that_memory_has_forgotten_is_replayed_from_the_store(tmp_path: Path, after: int) -> None:
    async with open_house(tmp_path, streams=FORGETFUL) as house:
        run = await house.create(None, "write 50", stream_resumable=True, stream_mode=("custom", "values"))
        whole = await house.end(run)
        assert not house.core.bridge.knows(run.run_id)
        told = await house.read(await house.now(run), after)
        assert told.events == whole.events[after:]
        assert told.ended


async def test_a_failure_is_replayed_too(tmp_path: Path) -> None:
    async with open_house(tmp_path, streams=FORGETFUL) as house:
        run = await house.create(None, "fail", stream_resumable=True)
        assert (await house.end(run)).names == ["metadata", "values", "error"]
        assert (await house.read(await house.now(run))).names == ["metadata", "values", "error"]


async def test_a_run_whose_events_were_not_stored_cannot_be_replayed_once_memory_has_forgotten_it(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, streams=FORGETFUL) as house:
        run = await house.finish(None, "one")
        with pytest.raises(NotStreamable):
            await house.read(run)


async def test_a_replay_outlives_the_process(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.create(None, "write 5", stream_resumable=True, stream_mode=("custom",))
        told = await house.end(run)
    async with open_house(tmp_path) as house:
        assert (await house.read(await house.now(run))).events == told.events


async def test_a_later_attempt_goes_on_counting_where_the_earlier_one_was(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold(stream_resumable=True)
    GATES["gate"].open()
    async with open_house(tmp_path) as house:
        told = await house.end(await house.now(run))
        assert told.seqs == list(range(1, len(told.seqs) + 1))
        assert [data["attempt"] for data in told.data("metadata")] == [1, 2]
        assert told.result["log"] == ["begin", "wait gate", "end"]


async def test_no_seq_is_used_twice_though_the_events_of_an_earlier_attempt_are_lost(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.hold()
        lost = house.core.bridge.last_seq(run.run_id)
    GATES["gate"].open()
    async with open_house(tmp_path) as house:
        waiting = await house.now(run)
        for after in (0, lost):
            told = await house.read(waiting, after)
            assert told.data("metadata")[0]["attempt"] == 2
            assert told.seqs == list(range(told.seqs[0], told.seqs[0] + len(told.seqs)))
            assert told.seqs[0] > lost
            assert told.ended


async def test_a_reader_that_fell_behind_what_memory_keeps_reads_on_in_the_store(tmp_path: Path) -> None:
    async with open_house(tmp_path, streams={"max_bytes_per_run": 65_536}) as house:
        run = await house.create(None, "write 2000", "wait gate", stream_resumable=True, stream_mode=("custom",))
        batches = await house.core.runs.follow(run, 0)
        seqs = [event.seq for event in await anext(batches) if isinstance(event, Event)]  # type: ignore[union-attr]
        await wait_until(lambda: GATES["gate"].visits)
        GATES["gate"].open()
        await house.core.worker.ended(run.run_id)
        async for batch in batches:
            seqs += [] if isinstance(batch, Ended) else [event.seq for event in batch]
        assert seqs == list(range(1, 2002))


async def test_a_reader_that_fell_behind_reads_on_in_the_store_though_memory_has_forgotten_the_run(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, streams={"max_bytes_per_run": 65_536, **FORGETFUL}) as house:
        run = await house.create(None, "write 2000", "wait gate", stream_resumable=True, stream_mode=("custom",))
        batches = await house.core.runs.follow(run, 0)
        read = [await anext(batches)]
        await wait_until(lambda: GATES["gate"].visits)
        GATES["gate"].open()
        await house.core.worker.ended(run.run_id)
        assert not house.core.bridge.knows(run.run_id)
        read += [batch async for batch in batches]
        assert isinstance(read.pop(), Ended)
        assert [event.seq for batch in read for event in batch] == list(range(1, 2002))  # type: ignore[union-attr]


async def test_a_reader_keeps_what_it_was_promised_though_memory_forgets_the_run_before_it_begins(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, streams=FORGETFUL) as house:
        run = await house.hold()
        batches = await house.core.runs.follow(run, 0)
        GATES["gate"].open()
        await house.core.worker.ended(run.run_id)
        assert not house.core.bridge.knows(run.run_id)
        assert isinstance([batch async for batch in batches][-1], Ended)


async def test_a_reader_is_told_when_what_it_was_reading_is_swept(tmp_path: Path) -> None:
    async with open_house(tmp_path, streams=FORGETFUL) as house:
        run = await house.create(None, "one", stream_resumable=True)
        last = (await house.end(run)).seqs[-1]
        run, segments = await house.now(run), house.core.runs.streams.segments
        for seq in range(last + 1, 200):
            await segments.append({(run.run_id, run.attempt): [Event(seq, "custom", b"1")]})
        batches = await house.core.runs.follow(run, 0)
        await anext(batches)
        await segments.sweep(datetime.now(UTC))
        with pytest.raises(EventsGone):
            await anext(batches)


async def test_a_run_is_held_up_while_its_events_come_faster_than_they_can_be_stored(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_MOST_WAITING_BYTES", 10)
    run = await house.create(None, "write 300", stream_resumable=True, stream_mode=("custom",))
    assert (await house.end(run)).seqs == list(range(1, 302))


class Failing:
    """A store that fails some times, before or after it has stored what it was given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, after_storing: bool) -> None:
        self.failures = 0
        append = SegmentStore.append

        async def fail_at_first(segments: SegmentStore, batch: Mapping[Attempt, Sequence[Event]]) -> set[Attempt]:
            if self.failures == 2:
                return await append(segments, batch)
            self.failures += 1
            if after_storing:
                await append(segments, batch)
            raise Unavailable("the disk had a hiccup")

        monkeypatch.setattr(SegmentStore, "append", fail_at_first)


@pytest.mark.parametrize("after_storing", [False, True])
async def test_a_failure_to_store_loses_nothing_and_holds_nobody_up_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch, after_storing: bool
) -> None:
    monkeypatch.setattr("runline.kit.tasks._FIRST_BACKOFF_SECONDS", 0.001)
    failing = Failing(monkeypatch, after_storing=after_storing)
    run = await house.create(None, "write 10", stream_resumable=True, stream_mode=("custom",))
    async with asyncio.timeout(30):
        told = await house.end(run)
    assert failing.failures == 2
    assert told.seqs == list(range(1, 12))
    assert await house.core.runs.streams.segments.read(run.run_id, 0) == told.events


async def test_a_run_that_is_taken_back_leaves_no_stored_events(house: House) -> None:
    run = await house.hold(stream_resumable=True)
    await house.cancel(run, "rollback")
    assert (await house.end(run)).names == ["metadata", "values", "values"]
    assert await house.core.runs.streams.segments.last_seq(run.run_id) == 0


async def test_a_resumable_stateless_run_can_be_read_again_after_a_restart(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.create(None, "one", temporary=True, stream_resumable=True)
        told = await house.end(run)
    async with open_house(tmp_path) as house:
        found = await house.core.runs.find(ANONYMOUS, run.run_id)
        assert found.status is RunStatus.SUCCESS
        assert (await house.read(found)).events == told.events


async def test_a_successor_starts_though_its_predecessors_events_could_not_be_compacted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_segments: SegmentStore, _run_id: str) -> None:
        raise Unavailable("the disk had a hiccup")

    monkeypatch.setattr(SegmentStore, "compact", fail)
    first = await house.hold(stream_resumable=True)
    second = await house.create(first.thread_id, "second")
    GATES["gate"].open()
    async with asyncio.timeout(30):
        await house.end(second)
    assert await house.status(second) is RunStatus.SUCCESS
