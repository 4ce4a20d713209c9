"""PostgreSQL instead of files: the same gateway, told where by `DATABASE_URI`. `make shared` runs all of this folder.

DATABASE_URI=postgresql://user:password@host:5432/name runline serve
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import APIStatusError

from fundamentals.gate import Gate
from fundamentals.reading import collect, log, log_of, status_of
from gateway import Gateway, serving, wait_until
from kit.postgres import OwnServer, Server, serving_own


@pytest.fixture(scope="module")
def gateway(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on a database of its own."""
    with postgres.database() as uri, serving(tmp_path_factory.mktemp("on") / "data", {"DATABASE_URI": uri}) as own:
        yield own


async def test_nothing_is_kept_in_files(client: LangGraphClient, gateway: Gateway) -> None:
    await client.threads.create()
    assert not gateway.data_dir.exists()


async def test_a_run_streams_and_its_thread_remembers(client: LangGraphClient) -> None:
    thread_id = (await client.threads.create(metadata={"topic": "a\0b"}))["thread_id"]
    events = await collect(client.runs.stream(thread_id, "steps", input=log("in"), stream_mode=["updates", "values"]))
    assert events[-1].event == "end"
    assert log_of((await client.threads.get_state(thread_id))["values"])[0] == "in"
    assert len(await client.threads.get_history(thread_id)) > 2
    (found,) = await client.threads.search(metadata={"topic": "a\0b"})
    assert found["thread_id"] == thread_id


async def test_a_run_goes_on_where_a_killed_gateway_left_it(gateway: Gateway, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    async with get_client(url=gateway.url) as client:
        thread_id = (await client.threads.create())["thread_id"]
        stubborn = {**gate.context, "stubborn": True}
        run = await client.runs.create(thread_id, "steps", input=log("in"), context=stubborn, stream_resumable=True)
        await gate.reached()
    await asyncio.to_thread(gateway.kill)
    await asyncio.to_thread(gateway.start)
    gate.open()
    async with get_client(url=gateway.url) as client:
        await client.runs.join(thread_id, run["run_id"])
        assert await status_of(client, thread_id, run["run_id"]) == "success"


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with serving_own() as server:
        yield server


async def test_an_outage_of_the_server_is_503_and_runs_go_on_behind_it(own_server: OwnServer, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    gateway = Gateway(tmp_path / "data", {"DATABASE_URI": own_server.uri})
    await asyncio.to_thread(gateway.start)
    try:
        async with get_client(url=gateway.url) as client:
            thread_id = (await client.threads.create())["thread_id"]
            run = await client.runs.create(thread_id, "steps", input=log("in"), context=gate.context)
            await gate.reached()
            await asyncio.to_thread(own_server.stop)
            gate.open()
            with pytest.raises(APIStatusError) as refused:
                await client.threads.get(thread_id)
            assert (refused.value.status_code, refused.value.response.headers["retry-after"]) == (503, "1")
            await asyncio.to_thread(own_server.start)

            async def is_over() -> bool:
                return await status_of(client, thread_id, run["run_id"]) == "success"

            await wait_until(is_over)
            assert "again" in log_of(await client.runs.wait(thread_id, "steps", input=log("again")))
        await asyncio.to_thread(gateway.stop)
    finally:
        gateway.kill()
