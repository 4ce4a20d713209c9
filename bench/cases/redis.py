"""What Redis costs: the gateway with it and without it, and a reader of a run that another process executes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from statistics import median

from bench.alone import Alone
from bench.asked import HELLO, new_thread, run_of, several, streamed_run_of, told
from bench.case import Case, Form
from bench.client import Client
from bench.names import GATEWAY, ON_REDIS, Figures
from bench.redis import redis
from bench.servers import Server
from bench.sse import EVENT, TOKEN, Count
from runline.kit.tasks import TaskSet
from runline.model.event import Event
from runline.model.lifecycle import StopReason
from runline.streams.contracts import Ended, StreamBridge
from runline.streams.memory import KeepLimits
from runline.streams.redis_options import RedisOptions
from runline.streams.redis_side import redis_transport
from runline.streams.transport import Transport

_SAMPLES, _RUNS, _TOKENS, _CLIENTS = 20, 160, 4000, 8
_EXTRA = 3
_PAUSE_SECONDS = 0.01
_DATA = b'{"content":"a token of some length"}'


async def _served(server: Server, form: Form) -> Figures:
    tokens, runs = form.of(_TOKENS, 50), form.of(_RUNS, 8)
    async with server.client() as client:
        firsts = [await _first_event(client) for _ in range(form.of(_SAMPLES, 2))]
        with server.meter() as waiting:
            await several(_CLIENTS, runs, lambda _: _wait(client))
        count = Count(TOKEN)
        words = " ".join(["word"] * (tokens - _EXTRA))
        with server.meter() as streaming:
            await client.post("/runs/stream", streamed_run_of("echo", told(words)), reader=count)
    return {
        "first event p50, ms": median(firsts),
        **waiting.rate(runs, "run", "waited for"),
        **streaming.rate(tokens, "token", "plain"),
        "tokens lost": tokens - count.number,
    }


async def _first_event(client: Client) -> float:
    count = Count(EVENT)
    path = f"{await new_thread(client)}/runs/stream"
    started = time.perf_counter()
    await client.post(path, streamed_run_of("echo", HELLO), reader=count)
    return count.milliseconds_since(started)


async def _wait(client: Client) -> None:
    await client.post("/runs/wait", run_of("echo", HELLO))


async def _mirrored(_local: Alone, form: Form) -> Figures:
    """Two nodes in this process: one writes, one reads."""
    async with _two_nodes() as (one, other):
        stops = await _stops(one, other, form.of(_SAMPLES, 2))
        here, there = one.bridge, other.bridge
        firsts = [await _until_first(here, there, f"run {number}") for number in range(form.of(_SAMPLES, 2))]
        lasts = [await _until_next(here, there, f"tail {number}") for number in range(form.of(_SAMPLES, 2))]
        events = form.of(_TOKENS * 5, 100)
        seconds, lost = await _all(here, there, events)
    return {
        "a stop to another node, p50, ms": median(stops),
        "a mirror opened, p50, ms": median(firsts),
        "an event to its mirror, p50, ms": median(lasts),
        "mirrored, events/s": events / seconds,
        "events lost": lost,
    }


@asynccontextmanager
async def _two_nodes() -> AsyncIterator[tuple[Transport, Transport]]:
    async with AsyncExitStack() as stack:
        uri = stack.enter_context(redis()).uri
        sides = [redis_transport(KeepLimits(), RedisOptions(uri)) for _ in range(2)]
        for _, side in sides:
            stack.push_async_callback(side.close)
        tasks = await stack.enter_async_context(TaskSet())
        for transport, _ in sides:
            for name, step in transport.loops.items():
                tasks.supervise(name, step)
        while not all(side.rings.connected for _, side in sides):  # noqa: ASYNC110 - the link sets no event
            await asyncio.sleep(_PAUSE_SECONDS)
        yield sides[0][0], sides[1][0]


async def _stops(one: Transport, other: Transport, count: int) -> list[float]:
    stopped = asyncio.Event()
    other.stop_bell.answer(lambda _run_id, _reason: stopped.set())
    # its subscription is on its way
    while not await _stop(one, stopped):
        pass
    return [taken for _ in range(count) if (taken := await _stop(one, stopped))]


async def _stop(one: Transport, stopped: asyncio.Event) -> float | None:
    stopped.clear()
    started = time.perf_counter()
    one.stop_bell.ring("run", StopReason.INTERRUPT)
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await stopped.wait()
            return (time.perf_counter() - started) * 1000
    return None


async def _until_first(here: StreamBridge, there: StreamBridge, run_id: str) -> float:
    here.open(run_id)
    here.publish(run_id, Event(1, "messages", _DATA))
    started = time.perf_counter()
    await there.reach(run_id, 0)
    await anext(there.read(run_id, 0))
    return (time.perf_counter() - started) * 1000


async def _until_next(here: StreamBridge, there: StreamBridge, run_id: str) -> float:
    here.open(run_id)
    await there.reach(run_id, 0)
    batches = there.read(run_id, 0)
    started = time.perf_counter()
    here.publish(run_id, Event(1, "messages", _DATA))
    await anext(batches)
    return (time.perf_counter() - started) * 1000


async def _all(here: StreamBridge, there: StreamBridge, events: int) -> tuple[float, int]:
    here.open("all")
    await there.reach("all", 0)
    started, got = time.perf_counter(), 0

    async def write() -> None:
        for seq in range(1, events + 1):
            here.publish("all", Event(seq, "messages", _DATA))
            if seq % 16 == 0:
                await asyncio.sleep(0)
        here.close("all", b"null")

    writing = asyncio.create_task(write())
    async for batch in there.read("all", 0):
        got += 0 if isinstance(batch, Ended) else len(batch)
    await writing
    return time.perf_counter() - started, events - got


CASE = Case(
    "redis",
    "The gateway with Redis beside it, and runs that another process executes",
    _served,
    _mirrored,
    servers=(GATEWAY, ON_REDIS),
    note="In process: two nodes over one Redis, one writes, the other reads.",
)
