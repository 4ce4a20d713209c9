"""Memory: at rest, after many runs, and for each client that waits for a quiet run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bench.asked import HELLO, counting, new_run, new_thread, run_of, several, streamed_run_of
from bench.case import Case, Form
from bench.cases.agent_viewers import new_agent_run
from bench.client import Client
from bench.meter import Tree
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server, Start, serving

AT_REST, AFTER_FEW, AFTER_MANY = "at rest, MiB", "after 2,000 runs, MiB", "after 10,000 runs, MiB"
_CLIENTS = 16
_QUIET_SECONDS = 300.0
_SETTLED_MIB = 0.25
_LOOK_SECONDS = 0.5
_PATIENCE_SECONDS = 15.0


async def _settled_mib(tree: Tree) -> float:
    """The memory once it has stopped growing."""
    deadline, before, now = time.monotonic() + _PATIENCE_SECONDS, 0.0, tree.resident_mib()
    while abs(now - before) > _SETTLED_MIB and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        before, now = now, tree.resident_mib()
    return now


async def _over_runs(server: Server, form: Form) -> Figures:
    figures = await _grown(server.name, Start(), form)
    if server.name == GATEWAY:
        short = await _grown(server.name, Start({"RUNLINE_STREAMS__RETENTION_SECONDS": "1"}), form)
        figures |= {f"events kept 1 s: {name}": value for name, value in short.items()}
    return figures


async def _grown(name: str, start: Start, form: Form) -> Figures:
    """The memory at rest and, of the gateway, after runs."""
    few, many = form.of(2000, 20), form.of(10_000, 60)
    with serving(name, start) as fresh:
        figures = {AT_REST: await _settled_mib(fresh.tree)}
        if name == GATEWAY:
            async with fresh.client() as client:
                await _runs(client, few)
                figures[AFTER_FEW] = fresh.tree.resident_mib()
                await _runs(client, many - few)
                figures[AFTER_MANY] = fresh.tree.resident_mib()
    return figures


async def _runs(client: Client, number: int) -> None:
    async def one(_number: int) -> None:
        await client.post("/runs/wait", run_of("echo", HELLO))

    await several(_CLIENTS, number, one)


async def _joins(server: Server, form: Form) -> Figures:
    return {f"KiB per /{kind}": await _per_join(server.name, kind, form) for kind in ("join", "stream")}


async def _per_join(name: str, kind: str, form: Form) -> float:
    with serving(name) as fresh:
        async with fresh.client() as client:
            given = counting(time.monotonic() + _QUIET_SECONDS, 0, 1)
            run = await new_run(client, streamed_run_of("paced", given))
            return await _kib_of_each(fresh.tree, client, f"{run}/{kind}", form)


async def _thread_streams(server: Server, form: Form) -> Figures:
    with serving(server.name) as fresh:
        async with fresh.client() as client:
            path = f"{await new_thread(client)}/stream"
            return {"KiB per thread stream": await _kib_of_each(fresh.tree, client, path, form)}


async def _agent_streams(server: Server, form: Form) -> Figures:
    with serving(server.name) as fresh:
        async with fresh.client() as client:
            thread = await new_agent_run(client, counting(time.monotonic() + _QUIET_SECONDS, 0, 1))
            wanted = {"channels": ["values", "lifecycle", "input", "messages", "tools"], "namespaces": [[]], "depth": 1}
            return {
                "KiB per subscriber": await _kib_of_each(fresh.tree, client, f"{thread}/stream/events", form, wanted)
            }


async def _kib_of_each(tree: Tree, client: Client, path: str, form: Form, body: Any = None) -> float:
    """What each of many clients costs that wait for the answer's end."""
    joins = form.of(500, 20)
    # the first ones pay for what is loaded once
    async with _joined(client, path, form.of(50, 5), body):
        before = await _settled_mib(tree)
        async with _joined(client, path, joins, body):
            return (await _settled_mib(tree) - before) * 1024 / joins


@asynccontextmanager
async def _joined(client: Client, path: str, number: int, body: Any) -> AsyncIterator[None]:
    asked = (client.get(path) if body is None else client.post(path, body) for _ in range(number))
    tasks = [asyncio.create_task(each) for each in asked]
    try:
        yield
        if ended := [task for task in tasks if task.done()]:
            ended[0].result()
            raise RuntimeError(f"{len(ended)} of {number} joins ended although nothing happens")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


RUNS = Case(
    "memory",
    "Memory at rest and over 10,000 runs, each on a server of its own",
    _over_runs,
    pairs=1,
    seconds=400,
    warm_up=False,
    note="The events of ended runs are kept for streams.retention_seconds, 60 by default.",
)
JOINS = Case(
    "joins",
    "Memory of 500 clients that wait for a quiet run, on a server of its own",
    _joins,
    pairs=3,
    official_pairs=1,
    seconds=180,
    warm_up=False,
)
AGENT_STREAMS = Case(
    "agent-streams",
    "Memory of 500 subscribers of a quiet run by the agent streaming protocol, on a server of its own",
    _agent_streams,
    servers=(GATEWAY, OFFICIAL),
    pairs=3,
    official_pairs=1,
    seconds=180,
    warm_up=False,
)
THREAD_STREAMS = Case(
    "thread-streams",
    "Memory of 500 clients that follow a thread on which nothing happens, on a server of its own",
    _thread_streams,
    servers=(GATEWAY, OFFICIAL),
    pairs=3,
    official_pairs=1,
    seconds=180,
    warm_up=False,
)
