"""Runs whose result is waited for: stateless, on fresh threads, and on threads that exist already."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from statistics import median

from bench.alone import Alone, fresh_config
from bench.asked import HELLO, new_thread, run_of, several
from bench.case import Case, Form
from bench.client import Client
from bench.meter import Meter
from bench.names import AEGRA, Figures
from bench.servers import Server

STATELESS, FRESH, EXISTING = "stateless", "fresh threads", "existing threads"
_BODY = run_of("echo", HELLO)
_RUNS_OF_ONE, _RUNS_OF_MANY = 30, 320
_MANY = 32


def _runs(clients: int, form: Form) -> int:
    return form.of(_RUNS_OF_ONE if clients == 1 else _RUNS_OF_MANY, 2 * clients)


async def _served(clients: int, server: Server, form: Form) -> Figures:
    runs = _runs(clients, form)
    units = max(server.samples(runs), clients) if clients == 1 or server.name == AEGRA else runs
    async with server.client() as client:

        async def run(path: str) -> None:
            answer = await client.post(f"{path}/runs/wait", _BODY)
            if len(answer.json()["messages"]) != 2:
                raise ValueError(f"a run without its reply: {answer.body!r}")

        async def fresh(_number: int) -> None:
            await run(await new_thread(client))

        threads = await _threads(client, clients, units)
        kinds: dict[str, Callable[[int], Awaitable[None]]] = {
            STATELESS: lambda _number: run(""),
            FRESH: fresh,
            EXISTING: lambda number: run(threads[number]),
        }
        figures: Figures = {}
        for kind, one in kinds.items():
            figures |= await _timed(kind, server.meter(), clients, units, one)
    return figures


async def _threads(client: Client, clients: int, number: int) -> list[str]:
    made: list[str] = []

    async def make(_number: int) -> None:
        made.append(await new_thread(client))

    await several(clients, number, make)
    return made


async def _timed(kind: str, meter: Meter, clients: int, units: int, one: Callable[[int], Awaitable[object]]) -> Figures:
    taken: list[float] = []

    async def timed(number: int) -> None:
        started = time.perf_counter()
        await one(number)
        taken.append((time.perf_counter() - started) * 1000)

    with meter:
        await several(clients, units, timed)
    return {**meter.rate(units, "run", kind), f"{kind}: p50, ms": median(taken)}


async def _alone(clients: int, local: Alone, form: Form) -> Figures:
    async def one(_number: int) -> None:
        await local.graphs["echo"].ainvoke(HELLO, fresh_config())

    figures: Figures = {}
    for kind in (STATELESS, FRESH, EXISTING):
        figures |= await _timed(kind, local.meter(), clients, _runs(clients, form), one)
    return figures


ONE = Case("wait-1", "/runs/wait, one client", partial(_served, 1), partial(_alone, 1), official_pairs=3)
MANY = Case("wait-32", f"/runs/wait, {_MANY} clients", partial(_served, _MANY), partial(_alone, _MANY), official_jobs=1)
