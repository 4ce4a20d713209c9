"""Processes whose clocks disagree serve one thread: what counts is the database's time, and the order of its runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fleet import fleet
from fundamentals.reading import log, log_of
from gateway import Gateway, serving
from kit.postgres import Server
from kit.skewed_clock import skewed_by

HOUR = 3600


@pytest.fixture(scope="module")
def nodes(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Gateway]]:
    """One is ahead by an hour, one is right, one is behind by an hour."""
    with fleet(tmp_path_factory.mktemp("clocks"), postgres, redis_uri) as made:
        yield [made.node(**skewed_by(HOUR)).start(), made.node().start(), made.node(**skewed_by(-HOUR)).start()]


@pytest.fixture
async def clients(nodes: list[Gateway]) -> AsyncIterator[list[LangGraphClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(get_client(url=node.url)) for node in nodes]


async def test_a_thread_keeps_what_was_done_on_whichever_node(clients: list[LangGraphClient]) -> None:
    """Each run goes on from what the one before it has left, and executes where it was created."""
    thread_id = (await clients[0].threads.create())["thread_id"]
    entered: list[str] = []
    for client in clients * 2:
        entered += ["in", "one", "two", "three"]
        await client.runs.wait(thread_id, "steps", input=log("in"))
        assert log_of((await client.threads.get_state(thread_id))["values"]) == entered


async def test_a_thread_keeps_what_was_updated_on_whichever_node(clients: list[LangGraphClient]) -> None:
    thread_id = (await clients[0].threads.create(graph_id="steps"))["thread_id"]
    for number, client in enumerate(clients * 2, 1):
        await client.threads.update_state(thread_id, log(str(number)))
        assert len(log_of((await client.threads.get_state(thread_id))["values"])) == number


async def test_what_nodes_write_down_has_the_database_s_time(clients: list[LangGraphClient]) -> None:
    for client in clients:
        thread = await client.threads.create()
        run = await client.runs.create(thread["thread_id"], "steps", input=log("in"))
        assert abs(datetime.fromisoformat(str(run["created_at"])) - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_clock_that_was_set_back_hides_nothing(tmp_path: Path) -> None:
    """One gateway, which ran by another time before it was started again."""
    thread_id = str(uuid4())
    with serving(tmp_path / "data", skewed_by(HOUR)) as gateway:
        assert len(await remembered(gateway, thread_id)) == 4
        await asyncio.to_thread(gateway.stop)
        gateway.settings = {**gateway.settings, **skewed_by(0)}
        await asyncio.to_thread(gateway.start)
        assert len(await remembered(gateway, thread_id)) == 8


async def remembered(gateway: Gateway, thread_id: str) -> list[str]:
    """What the thread has behind one more run."""
    async with get_client(url=gateway.url) as client:
        await client.runs.wait(thread_id, "steps", input=log("in"), if_not_exists="create")
        return log_of((await client.threads.get_state(thread_id))["values"])
