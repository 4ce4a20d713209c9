"""Subscribers of a thread by the agent streaming protocol, beside as many classic viewers of such a run."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import connect

from bench.asked import counting, new_run, streamed_run_of
from bench.case import Case, Form
from bench.client import Client, Reader
from bench.names import GATEWAY, OFFICIAL, Figures
from bench.servers import Server
from bench.sse import TEXT, Numbers

_STEP_SECONDS = 0.1
_JOINS_PER_SECOND = 100

Seen = list[list[int]]
Watch = Callable[[list[int]], Coroutine[Any, Any, None]]
Begin = Callable[[Client, object, int], Coroutine[Any, Any, Watch]]

_WANTED = {"channels": ["messages", "lifecycle"]}


@dataclass(frozen=True)
class _Crowd:
    """How many watch so many tokens, and how long they have to join."""

    viewers: int
    tokens: int
    lead_seconds: float


async def _served(viewers: int, server: Server, form: Form) -> Figures:
    viewers = form.of(viewers, viewers // 20)
    # who joins behind the first token has missed it; the short form looks for nothing but that
    crowd = _Crowd(viewers, form.of(40, 10), form.of(1, 3) + viewers / _JOINS_PER_SECOND)
    figures: Figures = {"subscribers": viewers}
    async with server.client() as client:
        for kind, begin in _KINDS.items():
            figures |= await _measured(server, client, kind, begin, crowd)
    return figures


async def _measured(server: Server, client: Client, kind: str, begin: Begin, crowd: _Crowd) -> Figures:
    start, tokens = time.monotonic() + crowd.lead_seconds, crowd.tokens
    given = counting(start, _STEP_SECONDS, tokens)
    seen: Seen = [[] for _ in range(crowd.viewers)]
    async with asyncio.TaskGroup() as group:
        watch = await begin(client, given, tokens)
        for numbers in seen:
            group.create_task(watch(numbers))
        await asyncio.sleep(start - time.monotonic())
        with server.meter() as meter:
            await asyncio.sleep(tokens * _STEP_SECONDS)
            deliveries = sum(map(len, seen))
    missed = sum(numbers != list(range(tokens)) for numbers in seen)
    figures = meter.rate(max(deliveries, 1), "delivered token")
    return {f"{kind}: {name}": value for name, value in {**figures, "who missed something": missed}.items()}


async def _classic(client: Client, given: object, _tokens: int) -> Watch:
    return partial(_view, client, await new_run(client, streamed_run_of("paced", given)))


async def _resumable(client: Client, given: object, _tokens: int) -> Watch:
    return partial(_view, client, await new_run(client, streamed_run_of("paced", given, resumable=True)))


async def _view(client: Client, run: str, numbers: list[int]) -> None:
    await client.get(f"{run}/stream", reader=Numbers(numbers.append))


async def _subscribed(client: Client, given: object, tokens: int) -> Watch:
    return partial(_subscribe, client, await new_agent_run(client, given), tokens)


async def _talking(client: Client, given: object, tokens: int) -> Watch:
    return partial(_talk, client, await new_agent_run(client, given), tokens)


async def new_agent_run(client: Client, given: object) -> str:
    """Start a run of the `paced` agent by the protocol, and return the path of its thread."""
    thread = f"/threads/{uuid4()}"
    command = {"id": 1, "method": "run.start", "params": {"assistant_id": "paced", "input": given}}
    await client.post(f"{thread}/commands", command)
    return thread


async def _subscribe(client: Client, thread: str, tokens: int, numbers: list[int]) -> None:
    await client.post(f"{thread}/stream/events", _WANTED, reader=_until_all(numbers, tokens))


async def _talk(client: Client, thread: str, tokens: int, numbers: list[int]) -> None:
    async with connect(f"ws://127.0.0.1:{client.port}{thread}/stream/events", compression=None) as socket:
        await socket.send(json.dumps({"id": 1, "method": "subscription.subscribe", "params": _WANTED}))
        async for message in socket:
            numbers += map(int, TEXT.findall(str(message).encode()))
            if len(numbers) >= tokens:
                return


def _until_all(numbers: list[int], tokens: int) -> Reader:
    """These streams have no end of their own."""
    note = Numbers(numbers.append, TEXT)

    def read(piece: bytes) -> bool:
        note(piece)
        return len(numbers) >= tokens

    return read


_KINDS: dict[str, Begin] = {
    "classic": _classic,
    "classic, resumable": _resumable,
    "protocol": _subscribed,
    "protocol, WebSocket": _talking,
}

CASE = Case(
    "subscribers-200",
    "200 subscribers of one thread, by the agent streaming protocol and as classic viewers",
    partial(_served, 200),
    servers=(GATEWAY, OFFICIAL),
    pairs=3,
    official_pairs=1,
    seconds=120,
    note="Runs of the protocol are resumable: what is stored of each token is among the cost of its deliveries.",
)
