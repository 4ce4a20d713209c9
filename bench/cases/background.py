"""Runs that nobody waits for: how long one stands in the queue, and how fast many are worked off."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any

from bench.alone import Alone, fresh_config
from bench.asked import HELLO, new_run, new_thread, run_of, several
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server

_SAMPLES, _RUNS, _CLIENTS = 20, 500, 32
_POLL_SECONDS = 0.01
_BODY = run_of("echo", HELLO)


async def _served(server: Server, form: Form) -> Figures:
    async with server.client() as client:
        waits = [await _queue_wait(client) for _ in range(server.samples(form.of(_SAMPLES, 3)))]
        drained = await _drained(server, client, form.of(_RUNS, 20))
    return {"queue wait p50 at low load, ms": median(waits), **drained}


async def _queue_wait(client: Client) -> float:
    thread = await new_thread(client)
    asked = time.monotonic()
    run = (await client.post(f"{thread}/runs", run_of("clock", {}))).json()["run_id"]
    values = (await client.get(f"{thread}/runs/{run}/join")).json()
    return float(values["started"] - asked) * 1000


async def _drained(server: Server, client: Client, runs: int) -> Figures:
    paths: list[str] = []

    async def create(_number: int) -> None:
        paths.append(await new_run(client, _BODY))

    with server.meter() as meter:
        await several(_CLIENTS, runs, create)
        while await _active(client):  # noqa: ASYNC110 - asks a server
            await asyncio.sleep(_POLL_SECONDS)
    ends: list[Any] = []

    async def look(number: int) -> None:
        ends.append((await client.get(paths[number])).json()["status"])

    await several(_CLIENTS, runs, look)
    return {**meter.rate(runs, "run", "drained"), "drained: runs without success": runs - ends.count("success")}


async def _active(client: Client) -> int:
    queue = (await client.get("/metrics?format=json")).json()["queue"]
    return int(queue["n_pending"] + queue["n_running"])


async def _alone(local: Alone, form: Form) -> Figures:
    runs = form.of(_RUNS, 20)

    async def one(_number: int) -> None:
        await local.graphs["echo"].ainvoke(HELLO, fresh_config())

    with local.meter() as meter:
        await several(_CLIENTS, runs, one)
    return meter.rate(runs, "run", "drained")


CASE = Case("background", "Runs in the background, on fresh threads", _served, _alone, (GATEWAY, OFFICIAL))
