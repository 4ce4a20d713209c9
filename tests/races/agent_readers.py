"""Clients of the agent streaming protocol whose connections are cut at any byte: over HTTP, and over WebSockets.

Some say where they were (`since`), as the Python SDK does; others do not, and tell what they have by the ids of the
events, as the JS SDK does. These begin anew each time, so they are cut where they have not been before, too.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from races.cuts import frames_of
from races.findings import Findings

_MOST_BYTES = 12_000
_ALL_BYTES = 120_000
_KINDS = tuple(product((True, False), (True, False)))
_CHANNELS = ["custom", "values", "tasks", "lifecycle"]


@dataclass
class Reader:
    """One client of a thread: the events it has fully received, in the order in which it met them first.

    `nodes`: the addresses that it turns to, one after the other, with each connection.
    """

    nodes: Sequence[str]
    path: str
    random: Random
    says_since: bool
    over_socket: bool
    events: dict[str, Any] = field(default_factory=dict)
    cuts: int = 0
    again: int = 0
    ended: bool = False

    @property
    def address(self) -> str:
        """Where its next connection goes."""
        return f"{self.nodes[self.cuts % len(self.nodes)]}{self.path}/stream/events"

    @property
    def wanted(self) -> dict[str, Any]:
        """What it asks for."""
        seqs = [event["seq"] for event in self.events.values()]
        return {"channels": _CHANNELS, **({"since": max(seqs, default=0)} if self.says_since else {})}

    def take(self, event: Any) -> None:
        """An event; one that it has already must be the same."""
        known = self.events.setdefault(event["event_id"], event)
        self.again += known is not event
        self.ended = self.ended or event["event_id"].endswith("||completed")

    async def read(self, http: httpx.AsyncClient) -> None:
        """Read to the end of a run, over as many connections as it takes."""
        while not self.ended:
            most = self.random.randint(1, _MOST_BYTES if self.says_since else _ALL_BYTES)
            try:
                await (self._over_socket(most) if self.over_socket else self.connect(http, most))
            except (httpx.TransportError, httpx.HTTPStatusError, OSError, WebSocketException) as exc:
                # the gateway is away, or goes
                if isinstance(exc, httpx.HTTPStatusError) and exc.response.status_code != 503:
                    raise
                await asyncio.sleep(0.01)
            else:
                self.cuts += not self.ended

    async def connect(self, http: httpx.AsyncClient, most: int | None) -> None:
        """Read up to `most` bytes, or to the end of the run, then close the socket."""
        async with http.stream("POST", self.address, json=self.wanted) as answer:
            answer.raise_for_status()
            async with aclosing(frames_of(answer, most)) as frames:
                async for frame in frames:
                    if "id" in frame:
                        self.take(json.loads(frame["data"]))
                    if self.ended:
                        return

    async def _over_socket(self, most: int) -> None:
        async with connect(self.address.replace("http", "ws", 1)) as socket:
            await socket.send(json.dumps({"id": 1, "method": "subscription.subscribe", "params": self.wanted}))
            await self._listen(socket, most)
            # without a farewell
            socket.transport.abort()

    async def _listen(self, socket: ClientConnection, most: int) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "event":
                self.take(message)
            most -= len(text)
            if self.ended or most <= 0:
                return


def readers_of(nodes: Sequence[str], path: str, random: Random, number: int) -> list[Reader]:
    """So many readers of a thread, of every kind in turn."""
    kinds = [_KINDS[place % len(_KINDS)] for place in range(number)]
    return [Reader(nodes, path, Random(random.random()), *kind) for kind in kinds]


async def compare(find: Findings, http: httpx.AsyncClient, readers: Sequence[Reader], title: str) -> Reader:
    """Nothing lost, nothing under two ids, in order; and the same that a replay tells, which is returned."""
    whole = Reader(readers[0].nodes, readers[0].path, readers[0].random, says_since=True, over_socket=False)
    await whole.connect(http, None)
    for reader in readers:
        kind = "a WebSocket" if reader.over_socket else "HTTP"
        find.count(f"cuts, {title}, over {kind}", reader.cuts)
        find.count("events read", len(reader.events))
        find.count("events that came again to who said no since", reader.again)
        find.count("lost", len(set(whole.events) - set(reader.events)))
        find.count("unknown to a replay", len(set(reader.events) - set(whole.events)))
        find.expect(reader.events == whole.events, f"{reader.path}: a reader saw other events than a replay shows")
        find.expect(not (reader.says_since and reader.again), f"{reader.path}: an event came twice behind its seq")
        seqs = [event["seq"] for event in reader.events.values()]
        find.expect(seqs == sorted(set(seqs)), f"{reader.path}: the seqs {seqs}")
    return whole
