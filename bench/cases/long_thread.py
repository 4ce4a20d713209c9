"""Conversations that grow: the time of a turn after 10, 60 and 200 of them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from itertools import chain
from statistics import median

from bench.alone import Alone, fresh_config
from bench.asked import HELLO, new_thread, run_of
from bench.case import Case, Form
from bench.names import OFFICIAL, Figures
from bench.servers import Server

_THREADS = 3
_AROUND = 2
_MARKS = (10, 60, 200)


async def _turns(turns: int, threads: list[Callable[[], Awaitable[object]]]) -> list[list[float]]:
    """For each turn its times in milliseconds."""
    taken: list[list[float]] = []
    for _ in range(turns):
        times: list[float] = []
        for turn in threads:
            started = time.perf_counter()
            await turn()
            times.append((time.perf_counter() - started) * 1000)
        taken.append(times)
    return taken


async def _measured(marks: tuple[int, ...], threads: list[Callable[[], Awaitable[object]]]) -> Figures:
    taken = await _turns(marks[-1] + _AROUND, threads)
    at = {mark: median(chain(*taken[mark - 1 - _AROUND : mark + _AROUND])) for mark in marks}
    named = dict(zip(_MARKS, at.values(), strict=False))
    figures = {f"turn {mark} p50, ms": value for mark, value in named.items()}
    return figures | {f"turn {mark} / turn 10": value / named[10] for mark, value in named.items() if mark != 10}


def _marks(form: Form) -> tuple[int, ...]:
    return (3, 6, 9) if form.short else _MARKS


async def _served(server: Server, form: Form) -> Figures:
    official = server.name == OFFICIAL
    marks = _marks(form)[:2] if official else _marks(form)
    async with server.client() as client:

        async def thread() -> Callable[[], Awaitable[object]]:
            path = f"{await new_thread(client)}/runs/wait"
            return lambda: client.post(path, run_of("echo", HELLO))

        return await _measured(marks, [await thread() for _ in range(1 if official else _THREADS)])


async def _alone(local: Alone, form: Form) -> Figures:
    def thread() -> Callable[[], Awaitable[object]]:
        config = fresh_config()
        return lambda: local.graphs["echo"].ainvoke(HELLO, config)

    return await _measured(_marks(form), [thread() for _ in range(_THREADS)])


CASE = Case(
    "long-thread",
    "Turns of a long thread",
    _served,
    _alone,
    official_pairs=1,
    note="The official server goes to turn 60, on one thread, in one round: each of its turns waits for a poll.",
)
