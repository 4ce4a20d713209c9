"""Redis that is killed, frozen and emptied again and again while runs are read on a node that does not execute them.

RUNLINE_EXPLORE makes it longer, as it does with the state machines.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kit.redis_server import RedisPlace, RedisServer, redis_server
from runline.errors import NotStreamable
from runline.model.run import Run
from runline.streams.contracts import EventsGone
from runs.house import House, Told
from runs.nodes import Site, open_site

SOON = {"poll_seconds": 0.1}
RUNS = 24
FAULTS = 4 * int(os.environ.get("RUNLINE_EXPLORE", "1"))


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
async def site(tmp_path: Path, server: RedisServer) -> AsyncIterator[Site]:
    async with open_site(tmp_path, RedisPlace(server.uri)) as site:
        yield site


@pytest.mark.timeout(60 + 5 * FAULTS)
@pytest.mark.parametrize("seed", range(3))
async def test_no_fault_of_redis_loses_a_run_or_a_stored_event_or_makes_a_reader_wait_for_ever(
    server: RedisServer, site: Site, seed: int
) -> None:
    chance = random.Random(seed)
    async with site.node(**SOON) as here, site.node(**SOON) as there:
        faults = asyncio.create_task(torment(server, chance))
        complete = 0
        while not faults.done():
            resumable = [bool(number % 2) for number in range(RUNS)]
            runs = [
                await here.create(await here.thread(), "write 40", "write 40", stream_resumable=kept)
                for kept in resumable
            ]
            readings = [asyncio.create_task(reading(there, run)) for run in runs]
            results = await asyncio.gather(*(there.core.runs.result(run) for run in runs))
            for run, told, result in zip(runs, await asyncio.gather(*readings), results, strict=True):
                own = await here.end(run)
                assert own.ended
                assert result == own.ended.result
                complete += check(run, told, own)
        await faults
        assert complete > RUNS // 2


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
