"""How long until a streamed run of `echo` shows its first event and its first output, beside the graph in process.

Prints one row per case: median, 90th percentile, and the ratio of the median to the whole run in process with
langgraph's own SQLite saver, all measured in this one run, in turns.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from served import AGENTS, gateway

ROUNDS = 200
WARM_UP = 20
INPUT = {"messages": [{"role": "user", "content": "hello there"}]}


async def first_event(client: httpx.AsyncClient, path: str) -> float:
    """Milliseconds from sending the request to the `metadata` event."""
    return await _until(client, path, b"event: metadata")


async def first_output(client: httpx.AsyncClient, path: str) -> float:
    """Milliseconds from sending the request to the first token."""
    return await _until(client, path, b"event: messages")


async def _until(client: httpx.AsyncClient, path: str, marker: bytes) -> float:
    body = {"assistant_id": "echo", "input": INPUT, "stream_mode": "messages-tuple"}
    seen, taken = b"", None
    started = time.perf_counter()
    async with client.stream("POST", path, json=body) as response:
        response.raise_for_status()
        async for chunk in response.aiter_raw():
            if taken is None and marker in (seen := seen + chunk):
                taken = time.perf_counter() - started
    if taken is None:
        raise RuntimeError(f"{path} ended without {marker.decode()}")
    return taken * 1000


async def in_process(graph: Any) -> float:
    """Milliseconds for the whole run, without any server."""
    started = time.perf_counter()
    config = {"configurable": {"thread_id": str(uuid4())}}
    async for _ in graph.astream(INPUT, config, stream_mode=["messages", "values"]):
        pass
    return (time.perf_counter() - started) * 1000


async def measure(url: str, saver: AsyncSqliteSaver) -> dict[str, list[float]]:
    """Take all measurements in turns, so that noise meets each alike."""
    os.environ.update(SAMPLE_TOKEN_DELAY="0")
    sys.path.insert(0, str(AGENTS))
    from echo import graph  # noqa: PLC0415 - importable only from the folder of the agents

    local = graph.copy(update={"checkpointer": saver})
    async with httpx.AsyncClient(base_url=url) as client:

        async def on_thread(take: Callable[[httpx.AsyncClient, str], Awaitable[float]]) -> float:
            thread = (await client.post("/threads", json={})).json()["thread_id"]
            return await take(client, f"/threads/{thread}/runs/stream")

        cases: dict[str, Callable[[], Awaitable[float]]] = {
            "in process, whole run": lambda: in_process(local),
            "thread, first event": lambda: on_thread(first_event),
            "thread, first output": lambda: on_thread(first_output),
            "stateless, first event": lambda: first_event(client, "/runs/stream"),
            "stateless, first output": lambda: first_output(client, "/runs/stream"),
            "GET /ok (the client's own floor)": lambda: _ok(client),
        }
        taken: dict[str, list[float]] = {name: [] for name in cases}
        for round_number in range(WARM_UP + ROUNDS):
            for name, case in cases.items():
                milliseconds = await case()
                if round_number >= WARM_UP:
                    taken[name].append(milliseconds)
    return taken


async def _ok(client: httpx.AsyncClient) -> float:
    started = time.perf_counter()
    await client.get("/ok")
    return (time.perf_counter() - started) * 1000


def report(taken: dict[str, list[float]]) -> None:
    """Print the table."""
    base = median(taken["in process, whole run"])
    print(f"{'':34}{'p50 ms':>9}{'p90 ms':>9}{'ratio':>8}")
    for name, values in taken.items():
        print(f"{name:34}{median(values):9.2f}{quantiles(values, n=10)[-1]:9.2f}{median(values) / base:8.2f}")


async def main() -> None:
    """Run the benchmark."""
    with gateway() as server, TemporaryDirectory() as folder:
        async with AsyncSqliteSaver.from_conn_string(str(Path(folder) / "checkpoints.db")) as saver:
            report(await measure(server.url, saver))


if __name__ == "__main__":
    asyncio.run(main())
