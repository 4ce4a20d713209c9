"""Runs and events per second, and the CPU time of each, beside a minimal server and the graph in process.

All figures of one invocation come from the same machine in the same minutes: compare the ratios, not the seconds.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from served import AGENTS, Server, gateway, minimal

SHORT: Any = {"messages": [{"role": "user", "content": "hello there"}]}
LONG: dict[str, Any] = {"messages": [{"role": "user", "content": " ".join(["word"] * 3000)}]}
RUNS = 640
BACKGROUND = 500

Work = Callable[[httpx.AsyncClient], Awaitable[int]]


async def timed(name: str, server: Server, work: Work) -> float:
    """Do some work that returns how many units it did; prints and returns units per second."""
    limits = httpx.Limits(max_connections=32)
    async with httpx.AsyncClient(base_url=server.url, timeout=120, limits=limits) as client:
        cpu, started = server.cpu_seconds(), time.perf_counter()
        units = await work(client)
        seconds, used = time.perf_counter() - started, server.cpu_seconds() - cpu
    rate, each = units / seconds, used / units
    cost = f"{each * 1e3:8.2f} ms" if each > 2e-4 else f"{each * 1e6:8.1f} us"
    print(f"{name:52}{rate:10.0f} /s{cost} CPU each")
    return rate


def waits(clients: int, *, threads: bool) -> Work:
    """`RUNS` waited runs by so many clients at once, stateless or each on a thread of its own."""

    async def one(client: httpx.AsyncClient) -> None:
        path = "/runs/wait"
        if threads:
            thread = (await client.post("/threads", json={})).json()["thread_id"]
            path = f"/threads/{thread}/runs/wait"
        (await client.post(path, json={"assistant_id": "echo", "input": SHORT})).raise_for_status()

    async def work(client: httpx.AsyncClient) -> int:
        share = RUNS // clients

        async def several() -> None:
            for _ in range(share):
                await one(client)

        await asyncio.gather(*(several() for _ in range(clients)))
        return share * clients

    return work


async def background(client: httpx.AsyncClient) -> int:
    """Create runs without waiting, then wait until none is active."""
    body = {"assistant_id": "echo", "input": SHORT}
    await asyncio.gather(*(client.post("/runs", json=body) for _ in range(BACKGROUND)))
    while any((await client.get("/metrics?format=json")).json()["queue"].values()):  # noqa: ASYNC110 - asks a server
        await asyncio.sleep(0.01)
    return BACKGROUND


def tokens(*, resumable: bool = False) -> Work:
    """One stream of many tokens."""
    body = {"assistant_id": "echo", "input": LONG, "stream_mode": "messages-tuple", "stream_resumable": resumable}

    async def work(client: httpx.AsyncClient) -> int:
        async with client.stream("POST", "/runs/stream", json=body) as response:
            return await _count(response)

    return work


async def _count(response: httpx.Response) -> int:
    return sum([chunk.count(b"event: messages") async for chunk in response.aiter_raw()])


async def replay(client: httpx.AsyncClient) -> int:
    """A stream of a run that has ended, from its first event."""
    async with client.stream("GET", client.headers["x-run"], headers={"Last-Event-ID": "-1"}) as response:
        return await _count(response)


async def in_process() -> float:
    """The graph alone with langgraph's SQLite saver, 32 at a time."""
    os.environ.update(SAMPLE_TOKEN_DELAY="0")
    sys.path.insert(0, str(AGENTS))
    from echo import graph  # noqa: PLC0415 - importable only from the folder of the agents

    with TemporaryDirectory() as folder:
        async with AsyncSqliteSaver.from_conn_string(str(Path(folder) / "checkpoints.db")) as saver:
            local = graph.copy(update={"checkpointer": saver})

            async def several() -> None:
                for _ in range(RUNS // 32):
                    config: RunnableConfig = {"configurable": {"thread_id": str(uuid4())}}
                    await local.ainvoke(SHORT, config)

            cpu, started = time.process_time(), time.perf_counter()
            await asyncio.gather(*(several() for _ in range(32)))
            seconds, used = time.perf_counter() - started, time.process_time() - cpu
    print(
        f"{'in process, AsyncSqliteSaver, 32 at once':52}{RUNS / seconds:10.0f} /s{used / RUNS * 1e3:8.2f} ms CPU each"
    )
    return RUNS / seconds


async def replayed(server: Server) -> None:
    """Make a run of many tokens, then time its replay."""
    async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
        body = {"assistant_id": "echo", "input": LONG, "stream_mode": "messages-tuple", "on_completion": "keep"}
        answer = await client.post("/runs/wait", json=body)
        path = answer.headers["content-location"] + "/stream"

    async def work(client: httpx.AsyncClient) -> int:
        client.headers["x-run"] = path
        return await replay(client)

    await timed("gateway, replay of one run", server, work)


async def main() -> None:
    """Print the table."""
    with ExitStack() as stack:
        ours, thinnest = stack.enter_context(gateway()), stack.enter_context(minimal())
        for server in (ours, thinnest):
            async with httpx.AsyncClient(base_url=server.url) as client:
                await waits(1, threads=False)(client)
        limit = await in_process()
        await timed("minimal, /runs/wait, 32 clients", thinnest, waits(32, threads=False))
        await timed("gateway, /runs/wait stateless, 1 client", ours, waits(1, threads=False))
        await timed("gateway, /runs/wait stateless, 32 clients", ours, waits(32, threads=False))
        on_threads = await timed("gateway, /runs/wait on new threads, 32 clients", ours, waits(32, threads=True))
        await timed("gateway, background runs", ours, background)
        await timed("minimal, one stream of tokens", thinnest, tokens())
        await timed("gateway, one stream of tokens", ours, tokens())
        await timed("gateway, one stream of tokens, resumable", ours, tokens(resumable=True))
        await replayed(ours)
        print(f"on threads / in process: {on_threads / limit:.2f}; resident memory {ours.resident_mib():.0f} MiB")


if __name__ == "__main__":
    asyncio.run(main())
