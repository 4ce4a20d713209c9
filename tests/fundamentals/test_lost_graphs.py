"""A project that has lost a graph: its runs wait, where an operator sees them, until it is back or they are stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from langgraph_sdk import get_client

from fundamentals.reading import log, status_of
from gateway import serving, wait_until
from graphs_under_test.projects import write_project


async def test_a_run_of_a_graph_that_is_gone_waits_and_can_be_seen_and_cancelled(tmp_path: Path) -> None:
    """`runline_stranded_runs` in /metrics counts them by graph; the log says it after a minute."""
    whole = write_project(tmp_path)
    with serving(tmp_path / "data", graphs=whole) as gateway:
        async with get_client(url=gateway.url) as client, httpx.AsyncClient(base_url=gateway.url, timeout=30) as http:
            thread_id = (await client.threads.create())["thread_id"]
            run = await client.runs.create(thread_id, "mirror", input={"text": "hi"}, after_seconds=3600)
            await asyncio.to_thread(gateway.stop)
            # not before: it would be executed, however soon the gateway is stopped
            gateway.kept.change("runs", "due_at", str(run["created_at"]), run_id=run["run_id"])
            write_project(tmp_path, graphs={"steps": "graphs_under_test.agents:steps"})
            await asyncio.to_thread(gateway.start)

            async def stranded() -> bool:
                return 'runline_stranded_runs{graph_id="mirror"} 1.0' in (await http.get("/metrics")).text

            await wait_until(stranded)
            await client.runs.wait(None, "steps", input=log())
            assert await status_of(client, thread_id, run["run_id"]) == "pending"

            await client.runs.cancel(thread_id, run["run_id"])
            assert await status_of(client, thread_id, run["run_id"]) == "interrupted"
            assert not await stranded()
