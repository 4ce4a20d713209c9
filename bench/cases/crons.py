"""Crons that come due in the same second: how late each is fired, and what that costs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

from bench.asked import HELLO, run_of, several
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server

_CRONS, _CLIENTS = 200, 8
_SECONDS_TO_CREATE = 8
_POLL_SECONDS = 0.2


async def _fired_at_once(server: Server, form: Form) -> Figures:
    crons = form.of(_CRONS, 5)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=form.of(_SECONDS_TO_CREATE, 5))
    mark = {"mark": str(uuid4())}
    body = {**run_of("echo", HELLO), "schedule": f"{due:%M %H %d %m} * {due:%S}", "metadata": mark}
    async with server.client() as client:

        async def create(_number: int) -> None:
            await client.post("/runs/crons", {**body, "on_run_completed": "keep"})

        await several(_CLIENTS, crons, create)
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds() - _POLL_SECONDS)
        with server.meter() as meter:
            threads = await _ended(client, mark, crons)
    late = [(datetime.fromisoformat(thread["created_at"]) - due).total_seconds() * 1000 for thread in threads]
    cost = meter.rate(crons, "run")["CPU per run, us"]
    return {"late p50, ms": median(late), "late p95, ms": quantiles(late, n=20)[-1], "CPU per run, us": cost}


async def _ended(client: Client, mark: dict[str, str], count: int) -> list[Any]:
    """The threads of the crons' runs, once all have come to rest."""
    wanted = {"metadata": mark, "status": "idle", "limit": 1000, "select": ["created_at"]}
    while len(threads := (await client.post("/threads/search", wanted)).json()) < count:  # noqa: ASYNC110 - asks a server
        await asyncio.sleep(_POLL_SECONDS)
    return list(threads)


CASE = Case("crons", "200 crons that come due at once", _fired_at_once, servers=(GATEWAY, OFFICIAL))
