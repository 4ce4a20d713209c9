"""The slow poll behind mirrors: what Redis has lost or cannot say, the database does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.redis_server import RedisServer
from kit.waiting import wait_until
from runline.model.lifecycle import RunStatus
from runline.streams.contracts import EventsGone
from runs.agents import GATES
from runs.house import House, Told
from runs.nodes import Site

SOON = {"poll_seconds": 0.1}


@pytest.fixture
async def here(site: Site) -> AsyncIterator[House]:
    async with site.node(**SOON) as house:
        yield house


@pytest.fixture
async def there(site: Site) -> AsyncIterator[House]:
    async with site.node(**SOON) as house:
        yield house


@pytest.mark.parametrize("resumable", [False, True])
async def test_an_end_that_redis_lost_is_found_in_the_database(
    own_redis: RedisServer, here: House, there: House, resumable: bool
) -> None:
    """Redis is away until the run has ended and its node, too; it comes back without any memory of it."""
    run = await here.hold(await here.thread(), stream_resumable=resumable)
    told = Told()
    task = asyncio.create_task(there.read_into(told, run))
    joined = asyncio.create_task(there.core.runs.result(run))
    await wait_until(lambda: len(told.events) >= 2)
    own_redis.kill()
    GATES["gate"].open()
    own = await here.end(run)
    assert own.ended
    assert await joined == own.ended.result
    if resumable:
        await task
        assert told.events == own.events
    else:
        with pytest.raises(EventsGone):
            await task
    assert await there.status(run) is RunStatus.SUCCESS


async def test_stored_events_are_told_while_redis_is_away(own_redis: RedisServer, here: House, there: House) -> None:
    run = await here.create(await here.thread(), "wait first", "one", "wait gate", "two", stream_resumable=True)
    told = Told()
    task = asyncio.create_task(there.read_into(told, run))
    await wait_until(lambda: len(told.events) >= 2)
    own_redis.kill()
    before = len(told.events)
    GATES["first"].open()
    await wait_until(lambda: len(told.events) >= before + 2)
    own_redis.start()
    await wait_until(lambda: all(house.core.redis and house.core.redis.link.up for house in (here, there)))
    GATES["gate"].open()
    own = await here.end(run)
    await task
    assert (told.events, told.ended) == (own.events, own.ended)


async def test_runs_are_created_read_and_ended_without_redis(own_redis: RedisServer, here: House) -> None:
    own_redis.kill()
    run = await here.create(await here.thread(), "one", "two")
    told = await here.end(run)
    assert told.result["log"] == ["one", "two"]


async def test_another_node_finds_work_by_its_poll_and_stops_by_its_lease_while_redis_is_away(
    own_redis: RedisServer, site: Site
) -> None:
    async with site.node(concurrency=1, **SOON) as full, site.node(lease_seconds=2.0, **SOON) as free:
        holding = await full.hold(await full.thread(), gate="other")
        own_redis.kill()
        run = await full.hold(await full.thread())
        assert run.run_id in free.core.worker.live
        await full.cancel(run)
        assert (await full.core.runs.result(run)) is not None
        assert await full.status(run) is RunStatus.INTERRUPTED
        GATES["other"].open()
        await full.end(holding)
