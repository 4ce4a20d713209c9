"""Streams that are cut at random places and resumed: what was lost, what came twice, how soon it goes on."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from statistics import median

from bench.asked import counting, new_run, several, streamed_run_of
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server
from bench.sse import Numbers

PLAIN, RESUMABLE = "plain", "resumable"
_RUNS, _TOKENS, _STEP_SECONDS = 16, 1000, 0.002
_CUTS_PER_RUN, _TOKENS_PER_CUT = 10, 80
_PAUSE_SECONDS = 0.03
_AT_ONCE = 4


@dataclass
class _Reading:
    """One client of one run: what it has seen over all its connections."""

    client: Client
    path: str
    kind: str
    seen: list[int] = field(default_factory=list)
    after: str = "-1"
    cuts: int = 0
    resumes: list[float] = field(default_factory=list)

    async def read(self, upto: int | None) -> None:
        """Connect, and hang up when so many tokens have been seen; None reads to the end."""
        numbers, started, began = Numbers(self.seen.append), time.perf_counter(), len(self.seen)
        first: list[float] = []

        def read(piece: bytes) -> bool:
            numbers(piece)
            if not first and len(self.seen) > began:
                first.append((time.perf_counter() - started) * 1000)
            enough = upto is not None and len(self.seen) - began >= upto
            self.cuts += enough
            return enough

        await self.client.get(self.path, reader=read, after=self.after)
        if self.after != "-1":
            self.resumes += first
        self.after = numbers.last_id or self.after

    async def read_with_cuts(self, cuts: int) -> None:
        """Cut and resume, then read to the end."""
        for _ in range(cuts):
            await self.read(random.randint(1, _TOKENS_PER_CUT))
            # long enough for events to wait, so that a resume measures the server and not the agent
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS))
        await self.read(None)


def _kinds(server: Server, form: Form) -> list[str]:
    """The kind of each run; the official server replays resumable ones only."""
    kinds = (RESUMABLE,) if server.name == OFFICIAL else (PLAIN, RESUMABLE)
    return [kinds[number % len(kinds)] for number in range(server.samples(form.of(_RUNS, 2)))]


async def _served(server: Server, form: Form) -> Figures:
    kinds, cuts = _kinds(server, form), form.of(_CUTS_PER_RUN, 3)
    readings: list[_Reading] = []
    async with server.client() as client:

        async def one(number: int) -> None:
            given = counting(time.monotonic(), _STEP_SECONDS, _TOKENS)
            body = streamed_run_of("paced", given, resumable=kinds[number] == RESUMABLE)
            reading = _Reading(client, f"{await new_run(client, body)}/stream", kinds[number])
            readings.append(reading)
            await reading.read_with_cuts(cuts)

        await several(_AT_ONCE, len(kinds), one)
    return {"cuts": sum(reading.cuts for reading in readings), **_kept(readings), **_resumes(readings)}


def _kept(readings: list[_Reading]) -> Figures:
    different = sum(len(set(reading.seen)) for reading in readings)
    return {
        "tokens lost": len(readings) * _TOKENS - different,
        "tokens doubled": sum(len(reading.seen) for reading in readings) - different,
    }


def _resumes(readings: list[_Reading]) -> Figures:
    taken: dict[str, list[float]] = {}
    for reading in readings:
        taken.setdefault(reading.kind, []).extend(reading.resumes)
    return {f"{kind}: first event after a resume p50, ms": median(times) for kind, times in taken.items()}


CASE = Case(
    "reconnect", "Reconnects after cuts at random places", _served, servers=(GATEWAY, OFFICIAL), official_pairs=2
)
