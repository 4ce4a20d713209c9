"""One node of a fleet cannot reach PostgreSQL, or Redis, while the others can."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import StreamPart
from psycopg.conninfo import make_conninfo

from chaos.faults import WHILE_AWAY
from chaos.ground import Ground
from fleet import fleet
from fundamentals.gate import Gate
from fundamentals.reading import collect, ids_of, log, log_of, names, past_of
from gateway import Gateway, wait_until
from kit.postgres import serving_own
from kit.proxy import standing_before
from kit.redis_server import redis_server

SETTINGS = {"RUNLINE_WORKERS__LEASE_SECONDS": "3"}
"""A busy machine misses half of a shorter one, behind which nobody reaps."""
STEPS = ["one", "two", "three"]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with serving_own() as postgres, redis_server() as redis:
        yield Ground(postgres, redis)


async def start(*nodes: Gateway) -> None:
    await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))


async def until_said(node: Gateway, path: str, what: str) -> None:
    """Wait until a page of the node says it."""
    async with httpx.AsyncClient(base_url=node.url) as http:

        async def said() -> bool:
            return what in (await http.get(path)).text

        await wait_until(said)


async def told(client: LangGraphClient, *, stream_resumable: bool) -> list[StreamPart]:
    """A stateless run's stream."""
    streaming = client.runs.stream(None, "steps", input=log(), stream_mode="updates", stream_resumable=stream_resumable)
    return await collect(streaming)


async def test_a_node_that_is_parted_from_postgres_loses_its_run_and_writes_no_more_of_it(
    ground: Ground, tmp_path: Path
) -> None:
    """Its run goes on elsewhere meanwhile. What it had sent arrives later, and is refused; then it works again."""
    gate = Gate(tmp_path / "gate")
    async with standing_before(ground.postgres.socket) as way:
        with fleet(tmp_path, ground.postgres, ground.redis.uri, **SETTINGS) as made:
            front, other = made.node("serve", "--no-work"), made.node("worker")
            there = make_conninfo(made.settings["DATABASE_URI"], host="127.0.0.1", port=way.port, sslmode="disable")
            parted = made.node("worker", DATABASE_URI=there)
            await start(front, parted)
            async with get_client(url=front.url) as client:
                thread_id = (await client.threads.create())["thread_id"]
                made_run = await client.runs.create(
                    thread_id, "steps", input=log(), context=gate.context, stream_resumable=True
                )
                run_id = made_run["run_id"]
                await gate.reached()
                way.pause()
                await start(other)
                # who misses looks on a busy machine reaps later
                await gate.reached(times=2, within=60)
                gate.open()
                await client.runs.join(thread_id, run_id)
                past = await past_of(client, thread_id)
                way.resume()
                await until_said(parted, "/metrics", "runline_leases_lost_total 1.0")
                assert await past_of(client, thread_id) == past
                parts = await collect(client.runs.join_stream(thread_id, run_id, last_event_id="-1"))
                assert ids_of(parts) == list(range(1, len(parts)))
                await asyncio.to_thread(other.stop)
                assert log_of(await client.runs.wait(thread_id, "steps", input=log())) == STEPS * 2
            await asyncio.to_thread(parted.stop)
            made.nodes.remove(parted)
            assert [line for line in parted.complaints() if WHILE_AWAY not in line] == []


async def test_a_node_that_is_parted_from_redis_works_on_and_is_heard_again(ground: Ground, tmp_path: Path) -> None:
    """It finds runs by looking for them; others tell what is stored of them."""
    async with standing_before(ground.redis.port) as way:
        with fleet(tmp_path, ground.postgres, ground.redis.uri, **SETTINGS) as made:
            front = made.node("serve", "--no-work")
            parted = made.node("worker", REDIS_URI=f"redis://127.0.0.1:{way.port}/0")
            await start(front, parted)
            way.pause()
            async with get_client(url=front.url) as client:
                stored = await told(client, stream_resumable=True)
                assert ids_of(stored) == list(range(1, len(stored)))
                assert names(stored) == ["metadata", *["updates"] * 3, "end"]
                way.resume()
                await until_said(parted, "/ready", '"redis":true')
                assert names(await told(client, stream_resumable=False)) == names(stored)
            await asyncio.to_thread(parted.stop)
