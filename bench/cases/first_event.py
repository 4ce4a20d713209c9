"""How long until a streamed run shows its first event and its first output."""

from __future__ import annotations

import time
from statistics import median, quantiles

from bench.alone import Alone, fresh_config
from bench.asked import HELLO, new_thread, streamed_run_of
from bench.case import Case, Form
from bench.client import Client
from bench.names import Figures
from bench.servers import Server
from bench.sse import EVENT, TOKEN, Count

_SAMPLES = 20


async def _served(server: Server, form: Form) -> Figures:
    taken: dict[str, list[float]] = {}
    async with server.client() as client:
        for _ in range(server.samples(form.of(_SAMPLES, 2))):
            for kind, path in {"thread": await new_thread(client), "stateless": ""}.items():
                event, output = await _stream(client, f"{path}/runs/stream")
                taken.setdefault(f"{kind}: first event", []).append(event)
                taken.setdefault(f"{kind}: first output", []).append(output)
            taken.setdefault("GET /ok, the client's floor", []).append(await _alive(client, server.alive))
    return _summary(taken)


async def _stream(client: Client, path: str) -> tuple[float, float]:
    event, output = Count(EVENT), Count(TOKEN)

    def read(piece: bytes) -> None:
        event(piece)
        output(piece)

    started = time.perf_counter()
    await client.post(path, streamed_run_of("echo", HELLO), reader=read)
    return event.milliseconds_since(started), output.milliseconds_since(started)


async def _alive(client: Client, path: str) -> float:
    started = time.perf_counter()
    await client.get(path)
    return (time.perf_counter() - started) * 1000


async def _alone(local: Alone, form: Form) -> Figures:
    taken: dict[str, list[float]] = {"thread: first output": [], "whole run": []}
    for _ in range(form.of(_SAMPLES, 2)):
        started = time.perf_counter()
        stream = local.graphs["echo"].astream(HELLO, fresh_config(), stream_mode="messages")
        times = [time.perf_counter() - started async for _ in stream]
        taken["thread: first output"].append(times[0] * 1000)
        taken["whole run"].append((time.perf_counter() - started) * 1000)
    return _summary(taken)


def _summary(taken: dict[str, list[float]]) -> Figures:
    middle = {f"{name} p50, ms": median(values) for name, values in taken.items()}
    high = {f"{name} p90, ms": quantiles(values, n=10)[-1] for name, values in taken.items() if len(values) >= 10}
    return middle | high


CASE = Case("first-event", "First event and first output of a streamed run", _served, _alone)
