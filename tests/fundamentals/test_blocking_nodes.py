"""A node that blocks the event loop costs its run nothing but time: no other process takes it over.

    async def node(state):
        requests.get(...)  # nothing else happens in this process meanwhile

Better is a node that is not async: it has a thread of its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fleet import fleet
from fundamentals.gate import Gate
from fundamentals.reading import log, log_of
from gateway import GRAPHS, Gateway, wait_until
from graphs_under_test import blocking
from kit.postgres import Server
from runline.storage.postgres_spare import NAME

LEASE_SECONDS = 2.0
SETTINGS = {"RUNLINE_WORKERS__LEASE_SECONDS": str(LEASE_SECONDS), "RUNLINE_WORKERS__POLL_SECONDS": "0.1"}
STANDS_STILL, GOES_ON = "the event loop stands still", "the event loop goes on"
STEPS = ["in", "before", "blocked", "after"]


class Two(NamedTuple):
    """The node that is asked, and executes, and one that would go on with what it loses."""

    here: Gateway
    there: Gateway


@pytest.fixture(scope="module")
def two(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with fleet(tmp_path_factory.mktemp("two"), postgres, redis_uri, **SETTINGS) as made:
        made.graphs = GRAPHS.with_name("blocking.json")
        yield Two(made.node().start(), made.node().start())


@pytest.fixture
async def client(two: Two) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=two.here.url) as connected:
        yield connected


async def wait_for_blocking(client: LangGraphClient, gate: Gate, *, leases: float) -> tuple[str, list[str]]:
    """A run on a thread of its own that blocks for so long, and what it has done by its end."""
    gate.open()
    thread_id = (await client.threads.create())["thread_id"]
    context = {**gate.context, "seconds": leases * LEASE_SECONDS}
    return thread_id, log_of(await client.runs.wait(thread_id, "blocks", input=log("in"), context=context))


def fate(two: Two, thread_id: str) -> list[tuple[Any, ...]]:
    """What became of the thread's run, by which attempt, and how many workers were taken for dead."""
    return two.here.kept.rows("runs", "status, attempt, crashes", thread_id=thread_id)


def said(node: Gateway, event: str) -> list[dict[str, Any]]:
    """What it has logged that begins so."""
    records = map(json.loads, node.log_file.read_text().splitlines())
    return [record for record in records if record["event"].startswith(event)]


def connected_keepers(two: Two) -> int:
    """How many connections there are of those who renew leases beside a loop that stands still."""
    query = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
    with psycopg.connect(two.here.settings["DATABASE_URI"], autocommit=True) as operator:
        return len(operator.execute(query, (NAME,)).fetchall())


async def test_a_node_that_blocks_for_three_leases_is_executed_once(
    two: Two, client: LangGraphClient, gate: Gate
) -> None:
    thread_id, done = await wait_for_blocking(client, gate, leases=3)
    assert (done, fate(two, thread_id)) == (STEPS, [("success", 1, 0)])
    assert gate.visits() == 1


async def test_runs_that_are_claimed_while_another_blocks_are_executed_once_too(
    two: Two, client: LangGraphClient, gate: Gate
) -> None:
    """Their worker has them, and does not hear of it for longer than a lease."""
    ended = await asyncio.gather(*(wait_for_blocking(client, gate, leases=1.5) for _ in range(5)))
    assert [(done, fate(two, thread_id)) for thread_id, done in ended] == [(STEPS, [("success", 1, 0)])] * 5
    assert gate.visits() == 5


async def test_leases_are_renewed_on_a_connection_that_is_there_as_long_as_the_loop_stands_still(
    two: Two, client: LangGraphClient, gate: Gate
) -> None:
    assert connected_keepers(two) == 0
    running = asyncio.create_task(wait_for_blocking(client, gate, leases=3))

    async def connected() -> bool:
        return await asyncio.to_thread(connected_keepers, two) == 1

    async def hung_up() -> bool:
        return not await connected()

    await wait_until(connected)
    assert not running.done()
    await running
    await wait_until(hung_up)


async def test_the_log_says_once_where_the_loop_stands_still_and_for_how_long(
    two: Two, client: LangGraphClient, gate: Gate
) -> None:
    before = len(said(two.here, STANDS_STILL))
    await wait_for_blocking(client, gate, leases=3)
    warnings = said(two.here, STANDS_STILL)
    (warning,) = warnings[before:]
    assert (warning["level"], warning["where"]) == ("warning", f"{blocking.__file__}:{sleeping_line()} in _stand_still")
    assert warning["frames"][:1] == [warning["where"]]
    assert LEASE_SECONDS / 3 < warning["seconds"] < 2 * LEASE_SECONDS
    assert said(two.here, GOES_ON)[-1]["seconds"] > 2 * LEASE_SECONDS
    answer = await asyncio.to_thread(httpx.get, f"{two.here.url}/metrics")
    assert f"runline_standstills_total {len(warnings)}.0" in answer.text
    assert said(two.there, STANDS_STILL) == []


def sleeping_line() -> int:
    lines = Path(blocking.__file__).read_text().splitlines()
    return lines.index("    time.sleep(seconds)") + 1
