"""Redis that is killed, frozen and emptied again and again while runs are read on a node that does not execute them.

RUNLINE_EXPLORE makes it longer, as it does with the state machines.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kit.redis_server import RedisPlace, RedisServer
from runline.errors import NotStreamable
from runline.model.run import Run
from runline.streams.contracts import EventsGone
from runs.house import House, Told
from runs.nodes import Site

SOON = {"poll_seconds": 0.1}
RUNS = 24
FAULTS = 4 * int(os.environ.get("RUNLINE_EXPLORE", "1"))


@pytest.mark.timeout(60 + 5 * FAULTS)
@pytest.mark.parametrize("seed", range(3))
async def test_no_fault_of_redis_loses_a_run_or_a_stored_event_or_makes_a_reader_wait_for_ever(
    own_redis: RedisServer, site: Site, seed: int
) -> None:
    chance, complete = random.Random(seed), 0
    async with site.node(**SOON) as here, site.node(**SOON) as there, tormented(own_redis, chance) as tormenting:
        while not tormenting.done():
            complete += await round_of_runs(here, there)
    assert complete >= RUNS // 2


async def round_of_runs(here: House, there: House) -> int:
    """Runs of one node, read and joined on another; returns how many were read to their ends."""
    runs = [
        await here.create(await here.thread(), "write 40", "write 40", stream_resumable=bool(number % 2))
        for number in range(RUNS)
    ]
    readings = [asyncio.create_task(reading(there, run)) for run in runs]
    results = await asyncio.gather(*(there.core.runs.result(run) for run in runs))
    complete = 0
    for run, told, result in zip(runs, await asyncio.gather(*readings), results, strict=True):
        own = await here.end(run)
        assert own.ended
        assert result == own.ended.result
        complete += check(run, told, own)
    return complete


def check(run: Run, told: Told, own: Told) -> bool:
    """What was told is the truth, and all of it if the run is resumable; tells whether it is all."""
    whole = told.events == own.events
    assert told.events == own.events[: len(told.events)]
    assert whole or not run.spec.stream_resumable
    return whole


async def reading(house: House, run: Run) -> Told:
    """Read from the beginning, until the end or until one is told that the rest is gone."""
    told = Told()
    async with asyncio.timeout(30):
        try:
            await house.read_into(told, run)
        except (EventsGone, NotStreamable):
            assert not run.spec.stream_resumable
    return told


@asynccontextmanager
async def tormented(server: RedisServer, chance: random.Random) -> AsyncIterator[asyncio.Task[None]]:
    """Do it in the background, until it is done or the test has failed."""
    task = asyncio.create_task(torment(server, chance))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
    task.result()


async def torment(server: RedisServer, chance: random.Random) -> None:
    for _ in range(FAULTS):
        await asyncio.sleep(chance.uniform(0.1, 0.6))
        match chance.choice(["kill", "freeze", "empty"]):
            case "kill":
                server.kill()
                await asyncio.sleep(chance.uniform(0, 1))
                await asyncio.to_thread(server.start)
            case "freeze":
                server.freeze()
                await asyncio.sleep(chance.uniform(0, 1.5))
                server.thaw()
            case _:
                await asyncio.to_thread(RedisPlace(server.uri).forget)
