"""Following the log of a run: nothing is lost between what is there and what comes, and it ends with the run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import delete

from kit.waiting import let_others_run, wait_until
from runline.errors import RunNotFound
from runline.kit.ids import new_id
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.runs.log_streams import LogEnded, LogStreams
from runline.storage.sight import NoRunLog
from runline.storage.tables import run_events, runs
from runline.streams.thread_bells import MemoryThreadBells
from storage.opening import Options, open_either
from storage.past import Past
from storage.world import ALICE, World

NEVER = 1000.0


@dataclass
class Reader:
    """Somebody who follows a run's log."""

    told: list[int] = field(default_factory=list)
    ended: bool = False

    async def read(self, logs: LogStreams, run: Run, after: int = 0) -> None:
        async for part in await logs.follow(ANONYMOUS, run.thread_id, run.run_id, after):
            if isinstance(part, LogEnded):
                self.ended = True
            else:
                self.told += [event.seq for event in part]


@pytest.fixture
async def past(options: Options) -> AsyncIterator[Past]:
    async with open_either(options) as database:
        yield Past.of(World.over(database))


@pytest.fixture
def bells() -> MemoryThreadBells:
    return MemoryThreadBells()


@pytest.fixture
def log_streams(past: Past, bells: MemoryThreadBells) -> LogStreams:
    """Nothing is found by polling: what a reader hears of, a bell has rung for."""
    return LogStreams(past.events, bells, NEVER)


@pytest.fixture
async def run(past: Past) -> Run:
    return await past.world.start(new_id(), create_thread=True)


async def test_a_log_is_told_as_it_grows_and_ends_with_its_run(
    past: Past, log_streams: LogStreams, bells: MemoryThreadBells, run: Run
) -> None:
    reader = Reader()
    await past.tell(run, "run.start", "human_message")
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.read(log_streams, run))
        await wait_until(lambda: reader.told == [1, 2])

        await past.tell(run, "ai_message")
        bells.ring(run.thread_id)
        await wait_until(lambda: reader.told == [1, 2, 3])
        assert not reader.ended

        await past.world.finish(run)
        bells.ring(run.thread_id)
    assert (reader.told, reader.ended) == ([1, 2, 3, 4], True)


async def test_a_bell_that_was_lost_costs_a_poll(past: Past, bells: MemoryThreadBells, run: Run) -> None:
    reader = Reader()
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.read(LogStreams(past.events, bells, 0.01), run))
        await let_others_run()
        await past.tell(run, "run.start")
        await past.world.finish(run)
    assert (reader.told, reader.ended) == ([1, 2], True)


async def test_a_reader_that_comes_back_goes_on_where_it_was(past: Past, log_streams: LogStreams, run: Run) -> None:
    await past.tell(run, "run.start", "human_message", "ai_message")
    await past.world.finish(run)
    for after, rest in ((0, [1, 2, 3, 4]), (2, [3, 4]), (4, []), (99, [])):
        reader = Reader()
        await reader.read(log_streams, run, after)
        assert (reader.told, reader.ended) == (rest, True)


async def test_a_long_log_is_told_whole(past: Past, log_streams: LogStreams, run: Run) -> None:
    await past.tell(run, *["node.start", "node.end"] * 600)
    await past.world.finish(run)
    reader = Reader()

    await reader.read(log_streams, run)

    assert (reader.told, reader.ended) == (list(range(1, 1202)), True)


async def test_the_runs_beside_it_on_its_thread_are_not_told_of(past: Past, log_streams: LogStreams, run: Run) -> None:
    await past.tell(run, "run.start")
    await past.world.finish(run)
    other = await past.run(run.thread_id, "run.start")
    reader = Reader()

    await reader.read(log_streams, other)

    assert reader.told == [3, 4]


async def test_the_log_of_a_run_that_was_rolled_back_ends_with_that(
    past: Past, log_streams: LogStreams, run: Run
) -> None:
    await past.tell(run, "run.start")
    await past.roll_back(run)
    reader = Reader()

    await reader.read(log_streams, run)

    assert (reader.told, reader.ended) == ([1, 2], True)


async def test_the_log_of_a_run_without_entries_is_over_with_it(past: Past, log_streams: LogStreams, run: Run) -> None:
    """It ended before there were logs: nobody waits for what will not come."""
    await past.world.finish(run)
    await past.world.execute(delete(run_events))
    reader = Reader()

    await reader.read(log_streams, run)

    assert (reader.told, reader.ended) == ([], True)


async def test_a_log_ends_when_its_run_is_deleted(
    past: Past, log_streams: LogStreams, bells: MemoryThreadBells, run: Run
) -> None:
    await past.tell(run, "run.start")
    reader = Reader()
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.read(log_streams, run))
        await wait_until(lambda: reader.told == [1])
        await past.world.execute(delete(run_events))
        await past.world.execute(delete(runs))
        bells.ring(run.thread_id)
    assert reader.ended


async def test_a_process_that_shuts_down_does_not_say_that_the_log_has_ended(
    past: Past, log_streams: LogStreams, bells: MemoryThreadBells, run: Run
) -> None:
    await past.tell(run, "run.start")
    reader = Reader()
    async with asyncio.TaskGroup() as group:
        group.create_task(reader.read(log_streams, run))
        await wait_until(lambda: reader.told == [1])
        bells.shut_down()
    assert not reader.ended


async def test_a_log_that_nobody_keeps_is_refused_at_once(past: Past, log_streams: LogStreams, run: Run) -> None:
    stateless = await past.world.start(new_id(), create_thread=True, temporary=True)
    with pytest.raises(NoRunLog, match="stateless"):
        await log_streams.follow(ANONYMOUS, stateless.thread_id, stateless.run_id, 0)
    for viewer, thread_id, run_id in (
        (ANONYMOUS, run.thread_id, new_id()),
        (ANONYMOUS, new_id(), run.run_id),
        (ALICE, run.thread_id, run.run_id),
    ):
        with pytest.raises(RunNotFound):
            await log_streams.follow(viewer, thread_id, run_id, 0)
