"""Streams at the pace of a model: which tokens come in time, and what each costs once all streams are under way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.alone import Alone, fresh_config
from bench.asked import counting, streamed_run_of
from bench.case import Case, Form
from bench.meter import Meter
from bench.names import GATEWAY, MINIMAL, Figures
from bench.servers import Server, Start, serving
from bench.sse import Numbers

ON_TIME = "share of tokens on time"
_STEP_SECONDS = 0.05
_LATE_SECONDS, _LOST_SECONDS = 0.1, 10.0
_STARTS_PER_SECOND = 200
_LEAD_SECONDS = 1.0
_GRACE_SECONDS = 10.0


@dataclass
class _Schedule:
    """Streams are begun one after the other, have a second to get going, and then run side by side."""

    streams: int
    tokens: int
    late_seconds: float
    began: float = field(default_factory=time.monotonic)
    on_time: int = 0
    arrived: int = 0

    def asked(self, stream: int) -> float:
        """When a stream is asked for."""
        return self.began + stream / _STARTS_PER_SECOND

    def due(self, stream: int, token: int) -> float:
        """When a token is due; the tokens of different streams are spread over a step."""
        start = self.asked(self.streams) + _LEAD_SECONDS + stream / self.streams * _STEP_SECONDS
        return start + token * _STEP_SECONDS

    def note(self, stream: int, token: int) -> None:
        """A token is here."""
        self.arrived += 1
        self.on_time += time.monotonic() - self.due(stream, token) <= self.late_seconds


async def _until(moment: float) -> None:
    await asyncio.sleep(max(moment - time.monotonic(), 0))


async def _measured(
    schedule: _Schedule, meter: Meter, stream: Callable[[int, dict[str, Any]], Awaitable[object]]
) -> Figures:
    async def one(number: int) -> None:
        await _until(schedule.asked(number))
        await stream(number, counting(schedule.due(number, 0), _STEP_SECONDS, schedule.tokens))

    tasks = [asyncio.create_task(one(number)) for number in range(schedule.streams)]
    try:
        await _until(schedule.due(0, 0))
        before = schedule.arrived
        with meter:
            await _until(schedule.due(0, schedule.tokens))
            arrived = schedule.arrived - before
        done, late = await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
    return {
        ON_TIME: schedule.on_time / (schedule.streams * schedule.tokens),
        **meter.rate(max(arrived, 1), "event"),
        "cores used": meter.cpu / meter.seconds,
        "streams cut off as too late": len(late),
    }


def _schedule(streams: int, form: Form) -> _Schedule:
    # the short form does not look at how fast anything was
    late = _LOST_SECONDS if form.short else _LATE_SECONDS
    return _Schedule(form.of(streams, max(streams // 25, 4)), form.of(60, 10), late)


async def _served(streams: int, server: Server, form: Form) -> Figures:
    schedule = _schedule(streams, form)
    async with server.client() as client:

        async def stream(number: int, given: dict[str, Any]) -> None:
            reader = Numbers(lambda token: schedule.note(number, token))
            # so that streams that are cut off do not go on beside what is measured next
            body = {**streamed_run_of("paced", given), "on_disconnect": "cancel"}
            await client.post("/runs/stream", body, reader=reader)

        return await _measured(schedule, server.meter(), stream)


async def _on_one_core(streams: int, server: Server, form: Form) -> Figures:
    with serving(server.name, Start(core=0)) as own:
        await _served(streams, own, Form(short=True))
        return await _served(streams, own, form)


async def _alone(streams: int, local: Alone, form: Form) -> Figures:
    schedule = _schedule(streams, form)

    async def stream(number: int, given: dict[str, Any]) -> None:
        async for chunk, _metadata in local.graphs["paced"].astream(given, fresh_config(), stream_mode="messages"):
            if chunk.text:
                schedule.note(number, int(chunk.text))

    return await _measured(schedule, local.meter(), stream)


_NOTE = f"On time is within {_LATE_SECONDS * 1000:.0f} ms of when the agent was to say it; CPU while all streams run."


def _case(streams: int, pairs: int, official_pairs: int) -> Case:
    return Case(
        f"paced-{streams}",
        f"{streams} streams of 20 tokens/s",
        partial(_served, streams),
        partial(_alone, streams),
        pairs=pairs,
        official_pairs=official_pairs,
        note=_NOTE,
    )


FIFTY, TWO_HUNDRED, FIVE_HUNDRED = _case(50, 7, 7), _case(200, 7, 3), _case(500, 3, 1)
ONE_CORE = Case(
    "paced-400-one-core",
    "400 streams of 20 tokens/s, the server on one core",
    partial(_on_one_core, 400),
    servers=(GATEWAY, MINIMAL),
    pairs=2,
    warm_up=False,
    note=_NOTE,
)
