"""`python -m storage.log_writers WHERE RUN_ID THREAD_ID`: sixteen writers on the log of a thread, until killed."""

from __future__ import annotations

import asyncio
import sys

from runline.kit.ids import new_id
from runline.model.entries import Entries
from runline.model.run_event import EventCategory, RunEvent
from runline.storage.run_log import RunLogStore
from storage.opening import open_either, options_of
from storage.world import START

WRITERS = 16


async def write(logs: RunLogStore, run_id: str, thread_id: str, number: int) -> None:
    event = RunEvent(thread_id, run_id, "node.start", EventCategory.TRACE, START, {"writer": number, "id": new_id()})
    while True:
        await logs.append({(run_id, 1): Entries([event] * (1 + number % 3))})


async def main(where: str, run_id: str, thread_id: str) -> None:
    async with open_either(options_of(where)) as database:
        logs = RunLogStore(database)
        await asyncio.gather(*(write(logs, run_id, thread_id, number) for number in range(WRITERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
