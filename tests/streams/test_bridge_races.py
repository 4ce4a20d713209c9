"""StreamBridge, the contract: readers that join, stall and leave at random moments of a run."""

from __future__ import annotations

import asyncio
import random

import pytest

from runline.streams.contracts import Ended, EventsGone, StreamBridge
from streams.conftest import MakeBridge
from streams.reading import RESULT, Reading, publish

RUN = "run"
EVENTS = 400
READERS = 12


@pytest.mark.parametrize("make_bridge", ["memory", "redis", "elsewhere"], indirect=True)
@pytest.mark.parametrize("seed", range(25))
async def test_readers_that_join_at_random_moments_miss_nothing_and_see_nothing_twice(
    bridge: StreamBridge, seed: int
) -> None:
    chance = random.Random(seed)
    bridge.open(RUN)
    writer = asyncio.create_task(write(bridge, chance))
    readers = [asyncio.create_task(join(bridge, chance)) for _ in range(READERS)]
    await writer
    for after, reading in await asyncio.gather(*readers):
        assert reading.seqs == list(range(after + 1, EVENTS + 1))
        assert reading.ended == Ended(RESULT)


@pytest.mark.parametrize("make_bridge", ["memory", "redis", "elsewhere"], indirect=True)
@pytest.mark.parametrize("seed", range(25))
async def test_no_reader_of_a_bounded_stream_sees_a_gap(make_bridge: MakeBridge, seed: int) -> None:
    chance = random.Random(seed)
    bridge = make_bridge(max_bytes_per_run=chance.choice([1_000, 10_000, 60_000]))
    bridge.open(RUN)
    writer = asyncio.create_task(write(bridge, chance))
    readers = [asyncio.create_task(join(bridge, chance)) for _ in range(READERS)]
    await writer
    for after, reading in await asyncio.gather(*readers):
        assert reading.seqs == list(range(after + 1, after + 1 + len(reading.seqs)))
        assert reading.gone != bool(reading.ended)
        assert reading.gone or after + len(reading.seqs) == EVENTS


async def write(bridge: StreamBridge, chance: random.Random) -> None:
    seq = 0
    while seq < EVENTS:
        burst = min(chance.choice([1, 1, 2, 10, 60]), EVENTS - seq)
        publish(bridge, RUN, range(seq + 1, seq + burst + 1))
        seq += burst
        await turns(chance.choice([0, 1, 3]))
    bridge.close(RUN, RESULT)


async def join(bridge: StreamBridge, chance: random.Random) -> tuple[int, Reading]:
    """Come at any moment, begin after any event there is, take some batches slowly, come again."""
    await turns(chance.randrange(40))
    after = chance.randint(0, bridge.last_seq(RUN))
    reading = Reading()
    patience = chance.choice([1, 5, 10_000])
    slowness = chance.choice([0, 0, 4, 30])
    while not (reading.ended or reading.gone):
        await take(bridge, after + len(reading.events), reading, patience, slowness)
    return after, reading


async def take(bridge: StreamBridge, after: int, reading: Reading, patience: int, slowness: int) -> None:
    batches = bridge.read(RUN, after)
    try:
        async for batch in batches:
            if isinstance(batch, Ended):
                reading.ended = batch
                return
            reading.events += batch
            await turns(slowness)
            patience -= 1
            if not patience:
                return
    except EventsGone:
        reading.gone = True


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)
