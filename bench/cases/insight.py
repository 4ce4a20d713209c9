"""Reading about a thread of 500 runs: its token usage, its messages, its runs, and the usage of a day.

Each call is answered while nothing else is asked. `pages` turns all pages of the messages, forwards and backwards.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from statistics import median

from bench.asked import HELLO, new_thread, run_of
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, Figures
from bench.servers import Server

_RUNS = 500
_SAMPLES = 100
_PER_PAGE = 50
_BODY = run_of("echo", HELLO)


async def _seqs(client: Client, path: str) -> list[int]:
    return [row["seq"] for row in (await client.get(path)).json()]


async def _forwards(client: Client, thread: str) -> list[int]:
    told: list[int] = []
    while page := await _seqs(client, f"{thread}/messages?limit={_PER_PAGE}&after_seq={told[-1] if told else 0}"):
        told += page
    return told


async def _backwards(client: Client, thread: str) -> list[int]:
    told: list[int] = []
    path = f"{thread}/messages?limit={_PER_PAGE}"
    while page := await _seqs(client, f"{path}&before_seq={told[0]}" if told else path):
        told = page + told
    return told


async def _p50(samples: int, call: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(samples):
        started = time.perf_counter()
        await call()
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


async def _served(server: Server, form: Form) -> Figures:
    runs, samples = form.of(_RUNS, 30), form.of(_SAMPLES, 3)
    async with server.client() as client:
        thread = await new_thread(client)
        for _ in range(runs):
            await client.post(f"{thread}/runs/wait", _BODY)
        newest = (await client.get(f"{thread}/runs")).json()[0]["run_id"]
        forwards, backwards = await _forwards(client, thread), await _backwards(client, thread)
        usage = (await client.get(f"{thread}/token-usage")).json()
        paths = {
            "token usage": f"{thread}/token-usage",
            "messages": f"{thread}/messages",
            "one run": f"{thread}/runs/{newest}",
            "10 runs": f"{thread}/runs",
            "the last 30 days": "/usage?group_by=thread",
        }
        figures: Figures = {
            "messages missed or repeated": abs(len(set(forwards)) - 2 * runs) + (forwards != backwards),
            "runs missed": abs(usage["total_runs"] - runs) + abs(usage["total_calls"] - runs),
        }
        for name, path in paths.items():
            figures[f"{name}: p50, ms"] = await _p50(samples, lambda path=path: client.get(path))  # type: ignore[misc]
    return figures


CASE = Case(
    "insight",
    "Reading about a thread of 500 runs",
    _served,
    servers=(GATEWAY,),
    pairs=3,
    warm_up=False,
)
