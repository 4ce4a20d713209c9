"""RunLogs, the one writer: what it cannot write it keeps, in order, and whoever ends a run gets all that is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kept import Kept
from kit.waiting import let_others_run
from runline.errors import Unavailable
from runline.kit.tasks import TaskSet
from runline.model.run import Run
from runline.model.usage import Tokens
from runline.runs.run_logs import RunLog, RunLogs
from runline.storage.run_log import RunLogStore
from runline.streams.thread_bells import MemoryThreadBells
from runs.house import kept_by
from shared import HASTE_SECONDS
from storage.ledgers import call, trace, types_of, usage_of
from storage.opening import Options, open_either
from storage.world import SUCCESS, World


@dataclass(frozen=True)
class Desk:
    """A writer, a run, and what both stand on."""

    kept: Kept
    world: World
    logs: RunLogs
    bells: MemoryThreadBells
    run: Run
    log: RunLog

    def tell(self, *event_types: str) -> None:
        for event_type in event_types:
            self.log.tell(trace(self.run, event_type))

    async def told(self) -> list[str]:
        return await types_of(self.world.database, self.run)


@pytest.fixture
async def desk(tmp_path: Path, options: Options) -> AsyncIterator[Desk]:
    async with open_either(replace(options, busy_timeout_seconds=HASTE_SECONDS)) as database:
        world, bells = World.over(database), MemoryThreadBells()
        logs = RunLogs(RunLogStore(database), bells)
        run = await world.start((await world.thread()).thread_id)
        yield Desk(kept_by(tmp_path), world, logs, bells, run, logs.open(run))


async def test_what_cannot_be_written_waits_and_keeps_its_order(desk: Desk) -> None:
    desk.tell("1", "2")
    desk.log.spend(call(desk.run))
    with desk.kept.locked(), pytest.raises(Unavailable):
        await desk.logs.flush()
    desk.tell("3")
    await desk.logs.flush()
    assert (await desk.logs.rest(desk.log)).spent == Tokens(10, 10, 20)
    assert await desk.told() == ["1", "2", "3"]
    assert len(await usage_of(desk.world.database, desk.run)) == 1


async def test_whoever_ends_a_run_gets_what_could_not_be_written(desk: Desk) -> None:
    desk.tell("1", "2")
    desk.log.spend(call(desk.run, 5))
    with desk.kept.locked():
        writing = asyncio.create_task(desk.logs.flush())
        await let_others_run()
        # it is being written now; its writer fails
        left = await desk.logs.rest(desk.log)
        with pytest.raises(Unavailable):
            await writing
    assert [event.event_type for event in left.events] == ["1", "2"]
    assert left.spent
    assert (len(left.usage), left.spent.total_tokens) == (1, 10)
    await desk.logs.flush()
    assert await desk.told() == []


async def test_what_is_written_is_not_given_to_whoever_ends_the_run(desk: Desk) -> None:
    desk.tell("1")
    desk.log.spend(call(desk.run, 5))
    await desk.logs.flush()
    desk.tell("2")
    left = await desk.logs.rest(desk.log)
    assert [event.event_type for event in left.events] == ["2"]
    assert not left.usage
    # it is still known what the run has used in all
    assert left.spent
    assert left.spent.total_tokens == 10


async def test_readers_are_woken_when_something_was_written(desk: Desk) -> None:
    async with TaskSet() as tasks:
        tasks.supervise("write logs", desk.logs.write_step)
        listening = desk.bells.listen(desk.run.thread_id, every=1000)
        await anext(listening)
        desk.tell("1")
        await anext(listening)
        assert await desk.told() == ["1"]


async def test_a_crowd_of_entries_is_written_without_a_pause(desk: Desk) -> None:
    async with TaskSet() as tasks, asyncio.timeout(60):
        tasks.supervise("write logs", desk.logs.write_step)
        listening = desk.bells.listen(desk.run.thread_id, every=1000)
        await anext(listening)
        desk.tell(*["node.start"] * 2000)
        while len(await desk.told()) < 2000:
            await anext(listening)


async def test_entries_come_from_many_threads_and_none_is_lost(desk: Desk) -> None:
    async with TaskSet() as tasks, asyncio.timeout(60):
        tasks.supervise("write logs", desk.logs.write_step)

        def work() -> None:
            for _ in range(200):
                desk.tell("node.start")
                desk.log.spend(call(desk.run, 1))

        await asyncio.gather(*(asyncio.to_thread(work) for _ in range(8)))
        left = await desk.logs.rest(desk.log)
        await desk.world.leases.finish(desk.run, SUCCESS, None, None, left)
    assert len(await desk.told()) == 1601
    rows = await usage_of(desk.world.database, desk.run)
    assert sum(row.total_tokens for row in rows) == 3200
    assert left.spent
    assert left.spent.total_tokens == 3200


async def test_the_last_entries_are_written_when_the_process_ends(desk: Desk) -> None:
    desk.tell("1")
    await desk.logs.drain()
    assert await desk.told() == ["1"]
    desk.tell("2")
    with desk.kept.locked():
        await desk.logs.drain()
    assert await desk.told() == ["1"]
