"""How much sooner two workers are done than one, and what reaches a run on another node how soon."""

from __future__ import annotations

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from bench.asked import HELLO, new_run, run_of, several
from bench.case import Case, Form
from bench.client import Client
from bench.fleet import drained, fleet, meter_of
from bench.names import AEGRA, GATEWAY, Figures
from bench.servers import Server
from bench.sse import EVENT, Count

_CLIENTS, _SAMPLES = 16, 20
_SLOTS = 4
_LAPS = 4
_WAITING = {"laps": _LAPS, "pause": 0.05}
_COMPUTING = {"laps": _LAPS, "burn": 0.02}
_LONG = {"laps": 1, "pause": 60}
_KINDS = {
    "waiting": (run_of("laps", _WAITING), _SLOTS, 160),
    "computing": (run_of("laps", _COMPUTING), _SLOTS, 80),
    "short": (run_of("echo", HELLO), 64, 300),
}
"""Bodies, how many of these runs a worker does at once, and how many there are."""


async def _worked_off(server: Server, form: Form) -> Figures:
    figures: Figures = {}
    for kind in list(_KINDS)[: form.of(len(_KINDS), 1)]:
        rates = [await _drain(server.name, kind, workers, form, figures) for workers in (1, 2)]
        figures[f"{kind}: two / one"] = rates[1] / rates[0]
    return figures


async def _drain(name: str, kind: str, workers: int, form: Form, figures: Figures) -> float:
    body, slots, number = _KINDS[kind]
    runs = form.of(number, 8)
    with fleet(name, *_processes(name, workers, slots)) as servers:
        await _work_off(servers, body, 2 * _CLIENTS)
        with meter_of(servers) as meter:
            failed = await _work_off(servers, body, runs)
    of = f"{kind}, {workers} {'worker' if workers == 1 else 'workers'}"
    figures |= meter.rate(runs, "run", of)
    figures[f"{of}: runs without success"] = failed
    return runs / meter.seconds


def _processes(name: str, workers: int, slots: int) -> tuple[list[tuple[str, ...]], dict[str, str]]:
    """A gateway that only takes runs, and workers. Each of Aegra's processes does both, so many at once."""
    if name == AEGRA:
        return [("serve",)] * workers, {"WORKER_COUNT": "1", "N_JOBS_PER_WORKER": str(slots)}
    return [("serve", "--no-work"), *[("worker", "--concurrency", str(slots))] * workers], {}


async def _work_off(servers: Sequence[Server], body: dict[str, Any], runs: int) -> int:
    async with servers[0].client() as client:
        await several(_CLIENTS, runs, lambda _number: new_run(client, body))
        return await drained(servers[0])


async def _elsewhere(server: Server, form: Form) -> Figures:
    taken: dict[str, list[float]] = {}
    with fleet(server.name, [("serve",)] * 2, {}) as (one, other):
        async with one.client() as here, other.client() as there:
            for _ in range(form.of(_SAMPLES, 2)):
                run = await new_run(here, run_of("laps", _LONG))
                taken.setdefault("first event of a run there", []).append(await _first_event(there, run))
                taken.setdefault("cancel of a run there", []).append(await _cancel(there, run))
                taken.setdefault("cancel of a run here", []).append(
                    await _cancel(here, await new_run(here, run_of("laps", _LONG)))
                )
    return {f"{what} p50, ms": median(values) for what, values in taken.items()}


async def _first_event(client: Client, run: str) -> float:
    count, started = Count(EVENT), time.perf_counter()

    def until_first(piece: bytes) -> bool:
        count(piece)
        return count.number > 0

    await client.get(f"{run}/stream", reader=until_first, after="0")
    return count.milliseconds_since(started)


async def _cancel(client: Client, run: str) -> float:
    """Until it is known that the run has come to its end."""
    started = time.perf_counter()
    await client.post(f"{run}/cancel?wait=1", {})
    return (time.perf_counter() - started) * 1000


_NOTE = (
    f"A gateway that only takes runs, and workers of {_SLOTS} runs at once (short: 64). Waiting: {_LAPS} steps of "
    f"50 ms without work; computing: of 20 ms of CPU time, for which two workers need two free cores."
)
WORKERS = Case(
    "workers",
    "Runs worked off by one worker and by two",
    _worked_off,
    servers=(GATEWAY, AEGRA),
    pairs=3,
    seconds=300,
    warm_up=False,
    note=_NOTE,
)
ELSEWHERE = Case(
    "elsewhere",
    "A run that another node executes",
    _elsewhere,
    servers=(GATEWAY, AEGRA),
    pairs=3,
    seconds=120,
    warm_up=False,
)
