"""A node blocks its event loop, and more befalls it: it is stopped and goes on, or PostgreSQL is out of its reach."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from psycopg.conninfo import make_conninfo

from chaos.faults import WHILE_AWAY
from chaos.ground import Ground
from fleet import Fleet, fleet
from fundamentals.gate import Gate
from fundamentals.reading import log, log_of
from gateway import GRAPHS, Gateway, wait_until
from kit.postgres import serving_own
from kit.proxy import Proxy, standing_before
from kit.redis_server import redis_server

LEASE_SECONDS = 3
"""A busy machine misses half of a shorter one, behind which nobody reaps."""

SETTINGS = {"RUNLINE_WORKERS__LEASE_SECONDS": str(LEASE_SECONDS), "RUNLINE_WORKERS__POLL_SECONDS": "0.1"}
STEPS = ["in", "before", "blocked", "after"]
STANDS_STILL, GOES_ON = "the event loop stands still", "the event loop goes on"


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with serving_own() as postgres, redis_server() as redis:
        yield Ground(postgres, redis)


@dataclass
class Place:
    """`here` blocks, and reaches PostgreSQL by a way that can be shut. `front` executes nothing."""

    nodes: Fleet
    front: Gateway
    here: Gateway
    way: Proxy
    gate: Gate
    client: LangGraphClient
    run: dict[str, Any]

    @property
    def lease_until(self) -> datetime:
        """When the run's lease ends, as it is written down."""
        return datetime.fromisoformat(self.front.kept.rows("runs", "lease_until")[0][0])

    def attempts(self) -> list[tuple[Any, ...]]:
        return self.front.kept.rows("runs", "status, attempt, crashes")

    async def until_taken_over(self) -> None:
        """Wait until another process has begun the step that blocks here."""
        await asyncio.to_thread(self.nodes.node("worker").start)
        await self.gate.reached(times=2, within=60)

    async def until_said(self, event: str) -> None:
        """Wait until the node that blocks has logged this."""

        async def said() -> bool:
            return event in self.here.log_file.read_text()

        await wait_until(said, within=30)

    async def end(self) -> list[str]:
        """Let the step end, wherever it is; returns what was done by the run's end."""
        self.gate.open()
        await self.client.runs.join(self.run["thread_id"], self.run["run_id"])
        state = await self.client.threads.get_state(self.run["thread_id"])
        return log_of(state["values"])


@pytest.fixture
async def place(ground: Ground, gate: Gate, tmp_path: Path) -> AsyncIterator[Place]:
    async with standing_before(ground.postgres.socket) as way:
        with fleet(tmp_path, ground.postgres, ground.redis.uri, **SETTINGS) as made:
            made.graphs = GRAPHS.with_name("blocking.json")
            made_place = await build(made, way, gate)
            async with made_place.client:
                yield made_place
            gate.open()
            await asyncio.to_thread(made_place.here.stop)
            made.nodes.remove(made_place.here)
            assert [line for line in made_place.here.complaints() if WHILE_AWAY not in line] == []


async def build(made: Fleet, way: Proxy, gate: Gate) -> Place:
    """A run is executed, and blocks."""
    there = make_conninfo(made.settings["DATABASE_URI"], host="127.0.0.1", port=way.port, sslmode="disable")
    front, here = made.node("serve", "--no-work"), made.node("worker", DATABASE_URI=there)
    await asyncio.gather(asyncio.to_thread(front.start), asyncio.to_thread(here.start))
    client = get_client(url=front.url)
    thread_id = (await client.threads.create())["thread_id"]
    run: Any = await client.runs.create(thread_id, "blocks", input=log("in"), context=gate.context)
    await gate.reached()
    return Place(made, front, here, way, gate, client, run)


@contextmanager
def stopped(node: Gateway) -> Iterator[None]:
    assert node.process
    os.kill(node.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.process.pid, signal.SIGCONT)


@asynccontextmanager
async def parted(way: Proxy) -> AsyncIterator[None]:
    """Meanwhile whoever takes this way gets no answer."""
    way.pause()
    try:
        yield
    finally:
        way.resume()


async def passed(condition: bool) -> bool:
    return condition


async def test_who_was_stopped_while_it_blocked_renews_nothing_that_others_have_taken_over(place: Place) -> None:
    with stopped(place.here):
        await place.until_taken_over()
        assert STANDS_STILL not in place.here.log_file.read_text()
    await place.until_said(STANDS_STILL)
    assert await place.end() == STEPS
    assert place.attempts() == [("success", 2, 1)]
    assert place.gate.visits() == 2


async def test_a_database_that_is_away_for_less_than_a_lease_costs_nothing(place: Place) -> None:
    """Who keeps the lease gives up, tries again, and renews for as long as it takes."""
    first, before = place.lease_until, place.way.connections
    async with parted(place.way):
        await wait_until(lambda: passed(place.way.connections >= before + 2))
    await wait_until(lambda: passed(place.lease_until > first + timedelta(seconds=2 * LEASE_SECONDS)))
    assert await place.end() == STEPS
    assert place.attempts() == [("success", 1, 0)]
    assert place.gate.visits() == 1


async def test_a_database_that_is_away_for_longer_costs_the_run_which_others_go_on_with(place: Place) -> None:
    async with parted(place.way):
        await place.until_taken_over()
        await place.until_said(STANDS_STILL)
    assert await place.end() == STEPS
    await place.until_said(GOES_ON)
    assert place.attempts() == [("success", 2, 1)]
    assert place.gate.visits() == 2
