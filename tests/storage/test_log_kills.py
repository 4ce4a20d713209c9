"""Writers of a log that are killed leave no gap in its numbers, and no number twice."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import groupby
from pathlib import Path

from runline.model.run import Run
from runline.storage.engine import Database
from storage.ledgers import events_of
from storage.log_writers import WRITERS
from storage.opening import Options, where_of
from storage.world import World

TESTS = Path(__file__).parents[1]
_KILLS = 4
_MORE = 150


async def count(database: Database, thread_id: str) -> int:
    return len(await events_of(database, thread_id))


async def killed_after(database: Database, where: str, run: Run, entries: int) -> None:
    """Let the writers write until there are so many entries, then kill them."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    arguments = (sys.executable, "-m", "storage.log_writers", where, run.run_id, run.thread_id)
    process = await asyncio.create_subprocess_exec(*arguments, env=environment)
    try:
        async with asyncio.timeout(60):
            while await count(database, run.thread_id) < entries:
                assert process.returncode is None
    finally:
        process.kill()
        await process.wait()


async def test_writers_that_are_killed_leave_their_numbers_whole(
    options: Options, database: Database, world: World
) -> None:
    run = await world.start((await world.thread()).thread_id)
    for kill in range(1, _KILLS + 1):
        await killed_after(database, where_of(options), run, kill * _MORE)
    await world.finish(run)
    rows = await events_of(database, run.thread_id)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1].event_type == "run.end"
    writers = [row.content["writer"] for row in rows[:-1]]
    assert set(writers) == set(range(WRITERS))
    # each batch stands whole, though its writer died
    assert all(len(list(batch)) % (1 + writer % 3) == 0 for writer, batch in groupby(writers))
