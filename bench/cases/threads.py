"""Many threads: the time of a search by metadata among 200 and among 20,000, and of creating one.

Two servers hold so many threads, and are asked in turns.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median

from bench.asked import several
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, Figures
from bench.servers import Server, serving

_FEW, _MANY = 200, 20_000
_PER_USER = 10
_SAMPLES = 400
_CLIENTS = 8
_APP = {"app": "chat"}


@dataclass
class _Crowd:
    """A server with so many threads, ten of each user and all of one app, and the milliseconds of what was asked."""

    client: Client
    threads: int
    taken: dict[str, list[float]] = field(default_factory=dict)
    missed: int = 0

    async def gather(self) -> None:
        """Create the threads."""
        await several(_CLIENTS, self.threads, self._create)

    async def _create(self, number: int) -> None:
        metadata = {**_APP, "user": number // _PER_USER, "topic": f"topic {number}"}
        await self.client.post("/threads", {"metadata": metadata})

    async def ask(self, share: float) -> None:
        """Search for what few have, the users from the oldest to the newest, and for what all have; create one."""
        user = int(share * self.threads) // _PER_USER
        await self._search("rare", {"user": user}, _PER_USER)
        await self._search("common", _APP, self.threads)
        started = time.perf_counter()
        await self.client.post("/threads", {"metadata": {"user": "nobody", "topic": "creation"}})
        self._note("creation", started)

    async def _search(self, kind: str, metadata: Mapping[str, object], matches: int) -> None:
        started = time.perf_counter()
        answer = await self.client.post("/threads/search", {"metadata": metadata})
        self._note(kind, started)
        self.missed += (len(answer.json()), int(answer.headers["x-pagination-total"])) != (_PER_USER, matches)

    def _note(self, kind: str, started: float) -> None:
        self.taken.setdefault(kind, []).append((time.perf_counter() - started) * 1000)

    def p50(self, kind: str) -> float:
        return median(self.taken[kind])


async def _served(server: Server, form: Form) -> Figures:
    samples = form.of(_SAMPLES, 3)
    async with AsyncExitStack() as stack:
        crowds = []
        for threads in (form.of(_FEW, 20), form.of(_MANY, 60)):
            fresh = stack.enter_context(serving(server.name))
            crowds.append(_Crowd(await stack.enter_async_context(fresh.client()), threads))
            await crowds[-1].gather()
        for sample in range(samples):
            for crowd in crowds:
                await crowd.ask(sample / samples)
    few, many = crowds
    figures: Figures = {"searches that missed something": few.missed + many.missed}
    for kind in few.taken:
        figures |= {f"{kind}, of {_FEW}: p50, ms": few.p50(kind), f"{kind}, of {_MANY:,}: p50, ms": many.p50(kind)}
        figures[f"{kind}: of {_MANY:,} / of {_FEW}"] = many.p50(kind) / few.p50(kind)
    return figures


CASE = Case(
    "threads",
    "Searches by metadata among many threads",
    _served,
    servers=(GATEWAY,),
    pairs=3,
    seconds=240.0,
    warm_up=False,
    note="rare: metadata that ten threads have; common: metadata that all have.",
)
