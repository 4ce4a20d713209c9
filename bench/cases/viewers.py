"""Many viewers of one run: what each delivery of an event to one of them costs, and whether all see everything."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from bench.asked import counting, new_run, streamed_run_of
from bench.case import Case, Form
from bench.names import Figures
from bench.servers import Server
from bench.sse import Numbers

_STEP_SECONDS = 0.04
_JOINS_PER_SECOND = 100


async def _served(viewers: int, server: Server, form: Form) -> Figures:
    viewers, tokens = form.of(viewers, viewers // 10), form.of(60, 10)
    # who joins behind the first token has missed it; the short form looks for nothing but that
    start = time.monotonic() + form.of(1, 3) + viewers / _JOINS_PER_SECOND
    seen: list[list[int]] = [[] for _ in range(viewers)]
    async with server.client() as client, asyncio.TaskGroup() as group:
        run = await new_run(client, streamed_run_of("paced", counting(start, _STEP_SECONDS, tokens)))
        for numbers in seen:
            group.create_task(client.get(f"{run}/stream", reader=Numbers(numbers.append)))
        await asyncio.sleep(start - time.monotonic())
        with server.meter() as meter:
            await asyncio.sleep(tokens * _STEP_SECONDS)
            deliveries = sum(map(len, seen))
    complete = sum(numbers == list(range(tokens)) for numbers in seen)
    figures = meter.rate(max(deliveries, 1), "delivered event")
    return {**figures, "viewers": viewers, "viewers that missed something": viewers - complete}


HUNDRED = Case("viewers-100", "100 viewers of one run", partial(_served, 100))
FIVE_HUNDRED = Case("viewers-500", "500 viewers of one run", partial(_served, 500), pairs=3, official_pairs=1)
