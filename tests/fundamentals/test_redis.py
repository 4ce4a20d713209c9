"""With Redis, what a process streams can be read from others; when Redis is away, everything goes on without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
from langgraph_sdk import get_client

from fundamentals.reading import collect, log, log_of, names
from gateway import Gateway, serving, wait_until
from kit.redis_server import RedisPlace, RedisServer


async def test_runs_stream_and_what_redis_keeps_of_them_is_forgotten_by_itself(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    place = RedisPlace(own_redis.uri, "mine")
    settings = {"REDIS_URI": own_redis.uri, "RUNLINE_REDIS__PREFIX": "mine"}
    with serving(tmp_path / "gateway", settings) as gateway:
        async with get_client(url=gateway.url) as client:
            thread = await client.threads.create()
            parts = await collect(client.runs.stream(thread["thread_id"], "steps", input=log()))
        assert names(parts)[0] == "metadata"

        async def is_ending() -> bool:
            keys = [key.decode().removeprefix("mine:") for key in place.everything() if b":stream:" in key]
            assert len(keys) <= 1
            return any(0 < place.seconds_left(key) <= 60 for key in keys)

        # Redis is told a moment after the gateway's own readers
        await wait_until(is_ending)
    assert place.connections() == 0


async def test_what_a_gateway_has_streamed_can_be_read_from_the_next_one_while_redis_keeps_it(
    start_gateway: Callable[..., Gateway], own_redis: RedisServer
) -> None:
    """Without Redis the events of a run that is not resumable go with its process."""
    gateway = start_gateway(REDIS_URI=own_redis.uri)
    async with get_client(url=gateway.url) as client:
        thread_id = (await client.threads.create())["thread_id"]
        told = await collect(client.runs.stream(thread_id, "steps", input=log()))
        await asyncio.to_thread(gateway.stop)
        await asyncio.to_thread(gateway.start)
        (run,) = await client.runs.list(thread_id)
        again = await collect(client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))
    assert [(part.event, part.data) for part in again] == [(part.event, part.data) for part in told]


async def test_while_redis_is_away_runs_are_taken_and_readiness_says_so(
    start_gateway: Callable[..., Gateway], own_redis: RedisServer
) -> None:
    gateway = start_gateway(REDIS_URI=own_redis.uri)
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as http, get_client(url=gateway.url) as client:

        async def redis_is(up: bool) -> bool:
            answer = await http.get("/ready")
            assert answer.status_code == 200
            return bool(answer.json() == {"ready": True, "redis": up})

        assert await redis_is(True)
        own_redis.kill()
        await wait_until(lambda: redis_is(False))
        assert log_of(await client.runs.wait(None, "steps", input=log())) == ["one", "two", "three"]
        own_redis.start()
        await wait_until(lambda: redis_is(True))


async def test_a_gateway_starts_before_redis(start_gateway: Callable[..., Gateway], own_redis: RedisServer) -> None:
    own_redis.kill()
    gateway = start_gateway(REDIS_URI=own_redis.uri)
    async with get_client(url=gateway.url) as client:
        assert log_of(await client.runs.wait(None, "steps", input=log())) == ["one", "two", "three"]
    own_redis.start()
