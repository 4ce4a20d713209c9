"""Nodes whose clocks are wrong: what they share goes by the database's time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fleet import fleet
from fundamentals.gate import Gate
from fundamentals.reading import log, log_of
from gateway import wait_until
from kit.postgres import Server

HOUR = 3600
LEASE_SECONDS = 1.5
SKEWED = Path(__file__).parents[1] / "skewed"


@pytest.fixture(scope="module")
def urls(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """Three gateways: an hour ahead, right, and an hour behind."""
    folder = tmp_path_factory.mktemp("skewed")
    with fleet(folder, postgres, redis_uri, RUNLINE_WORKERS__LEASE_SECONDS=str(LEASE_SECONDS)) as made:
        skews = (HOUR, 0, -HOUR)
        nodes = [made.node(PYTHONPATH=str(SKEWED), SKEW_SECONDS=str(skew)).start() for skew in skews]
        yield [node.url for node in nodes]


@pytest.fixture
async def clients(urls: list[str]) -> AsyncIterator[list[LangGraphClient]]:
    connected = [get_client(url=url) for url in urls]
    yield connected
    for client in connected:
        await client.aclose()


async def test_a_conversation_goes_on_from_node_to_node(clients: list[LangGraphClient]) -> None:
    ahead, right, behind = clients
    thread_id = (await right.threads.create())["thread_id"]
    said: list[str] = []
    for number, client in enumerate((right, ahead, behind, right, behind)):
        said += [f"turn {number}", "one", "two", "three"]
        assert log_of(await client.runs.wait(thread_id, "steps", input=log(f"turn {number}"))) == said
    assert log_of((await right.threads.get_state(thread_id))["values"]) == said


async def test_a_follower_comes_by_all_that_nodes_write_in_its_order(clients: list[LangGraphClient]) -> None:
    ahead, right, behind = clients
    thread_id = (await right.threads.create(graph_id="steps"))["thread_id"]
    told: list[str] = []

    async def follow() -> None:
        modes: list[Any] = ["lifecycle", "state_update"]
        async for part in await right.threads.join_stream(thread_id, last_event_id="-", stream_mode=modes):
            if part.event == "state_update":
                told.append(part.data["state"]["values"]["log"][-1])
            elif part.data and part.data.get("status") == "run_done":
                told.append("a run")

    following = asyncio.create_task(follow())
    expected: list[str] = []
    for client in (ahead, behind, right, behind, ahead):
        said = f"by hand {len(expected)}"
        await client.threads.update_state(thread_id, log(said), as_node="three")
        await client.runs.wait(thread_id, "steps", input=log("turn"))
        expected += [said, "a run"]

    async def all_told() -> bool:
        return len(told) >= len(expected) or following.done()

    await wait_until(all_told)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert told == expected


async def test_a_lease_that_a_node_gives_holds_for_as_long_as_on_others(
    clients: list[LangGraphClient], gate: Gate
) -> None:
    """For longer than a lease, while the others look for those that have ended."""
    clock = time.monotonic
    runs = []
    for client in clients:
        thread_id = (await client.threads.create())["thread_id"]
        run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context, stream_resumable=True)
        runs.append((thread_id, run["run_id"]))
    until = clock() + 3 * LEASE_SECONDS

    async def over() -> bool:
        return clock() > until

    await wait_until(over)
    gate.open()
    for thread_id, run_id in runs:
        parts = [part async for part in clients[1].runs.join_stream(thread_id, run_id, last_event_id="-1")]
        assert [part.data["attempt"] for part in parts if part.event == "metadata"] == [1]


async def test_a_delay_is_as_long_as_it_was_said_to_be(clients: list[LangGraphClient]) -> None:
    """Whoever creates the run, and whoever claims it."""
    for client in clients:
        asked = time.monotonic()
        await client.runs.wait(None, "steps", input=log(), after_seconds=1)
        assert 1 <= time.monotonic() - asked < 10
