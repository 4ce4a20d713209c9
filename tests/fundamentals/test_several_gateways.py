"""Several gateways on one PostgreSQL and one Redis: it does not matter which one is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import collect, log, log_of, names, status_of
from gateway import Gateway, serving
from kit.postgres import Server


@pytest.fixture(scope="module")
def gateways(postgres: Server, redis_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Gateway]]:
    """Two of them, the second of which notices after a second that the first has died."""
    folder = tmp_path_factory.mktemp("several")
    with postgres.database() as uri:
        settings = {
            "RUNLINE_DATABASE__URI": uri,
            "RUNLINE_REDIS__URI": redis_uri,
            "RUNLINE_REDIS__PREFIX": "several",
            "RUNLINE_WORKERS__LEASE_SECONDS": "1",
        }
        with serving(folder / "one", settings) as one, serving(folder / "other", settings) as other:
            yield [one, other]


@pytest.fixture
async def clients(gateways: list[Gateway]) -> AsyncIterator[list[LangGraphClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(get_client(url=gateway.url)) for gateway in gateways]


async def test_a_run_is_read_and_cancelled_where_it_does_not_execute(
    clients: list[LangGraphClient], tmp_path: Path
) -> None:
    here, there = clients
    gate = Gate(tmp_path / "gate")
    thread_id = (await here.threads.create())["thread_id"]
    run = await here.runs.create(thread_id, "steps", input=log("in"), context=gate.context, stream_mode="updates")
    await gate.reached()

    reading = asyncio.create_task(collect(there.runs.join_stream(thread_id, run["run_id"], last_event_id="-1")))
    await there.runs.cancel(thread_id, run["run_id"], wait=True)

    assert names(await reading)[0] == "metadata"
    assert names(await reading)[-1] == "end"
    assert await status_of(here, thread_id, run["run_id"]) == "interrupted"


async def test_runs_of_one_thread_wait_for_each_other_wherever_they_are_created(clients: list[LangGraphClient]) -> None:
    thread_id = (await clients[0].threads.create())["thread_id"]
    creations = [
        clients[number % 2].runs.create(thread_id, "steps", input=log(str(number)), multitask_strategy="enqueue")
        for number in range(10)
    ]
    runs = await asyncio.gather(*creations)
    await asyncio.gather(*(clients[1].runs.join(thread_id, run["run_id"]) for run in runs))
    logged = log_of((await clients[1].threads.get_state(thread_id))["values"])
    assert sorted(entry for entry in logged if entry.isdigit()) == list("0123456789")


async def test_a_run_whose_gateway_was_killed_goes_on_in_the_other(
    gateways: list[Gateway], clients: list[LangGraphClient], tmp_path: Path
) -> None:
    gate = Gate(tmp_path / "gate")
    thread_id = (await clients[0].threads.create())["thread_id"]
    run = await clients[0].runs.create(
        thread_id, "steps", input=log("in"), context={**gate.context, "stubborn": True}, durability="sync"
    )
    await gate.reached()
    await asyncio.to_thread(gateways[0].kill)
    await gate.reached(times=2)
    gate.open()
    await clients[1].runs.join(thread_id, run["run_id"])
    assert await status_of(clients[1], thread_id, run["run_id"]) == "success"
    await asyncio.to_thread(gateways[0].start)


async def test_one_that_shares_nothing_may_not_join(gateways: list[Gateway], tmp_path: Path) -> None:
    settings = {name: value for name, value in gateways[0].settings.items() if "REDIS" not in name}
    alone = Gateway(tmp_path / "alone", {**settings, "RUNLINE_DATABASE__BUSY_TIMEOUT_SECONDS": "0.1"})
    with pytest.raises(AssertionError, match=r"in use by another gateway.*'redis\.uri'"):
        await asyncio.to_thread(alone.start)
