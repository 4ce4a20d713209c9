"""One ASGI exchange, driven by hand: what a server would pass in and take out, with a client of any temper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields
from types import SimpleNamespace
from typing import Any

from starlette.types import ASGIApp, Message

from kit.waiting import wait_until
from runline.doors.http import WireOptions
from runline.kit.clock import SystemClock
from runline.runs.meters import Meters

HTTP = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "asgi": {"version": "3.0"}}


def app_with(meters: Meters) -> SimpleNamespace:
    """All that an answer asks of the app that it belongs to."""
    return SimpleNamespace(state=SimpleNamespace(core=SimpleNamespace(meters=meters)))


def wire(**options: Any) -> WireOptions:
    """Options under which nothing happens by the clock, unless a test asks for it."""
    generous = {field.name: 1000 for field in fields(WireOptions)}
    return WireOptions(**{**generous, "max_nesting": 10, **options})


@dataclass
class Exchange:
    """A client that takes `appetite` messages and then no more, and that leaves when it is told to."""

    appetite: int = 10_000
    taken: list[Message] = field(default_factory=list)
    meters: Meters = field(default_factory=lambda: Meters(SystemClock()))
    _leaving: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: Message) -> None:
        if len(self.taken) >= self.appetite:
            await asyncio.Event().wait()
        self.taken.append(message)

    async def receive(self) -> Message:
        await self._leaving.wait()
        return {"type": "http.disconnect"}

    def leave(self) -> None:
        self._leaving.set()

    async def run(self, app: ASGIApp) -> None:
        await app({**HTTP, "app": app_with(self.meters)}, self.receive, self.send)

    @property
    def chunks(self) -> list[bytes]:
        return [message["body"] for message in self.taken[1:]]

    @property
    def complete(self) -> bool:
        return bool(self.taken) and self.taken[-1].get("more_body") is False

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.taken[0]["headers"]}


@dataclass
class Source:
    """Chunks that come when they are given; tells when it was left."""

    queue: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    left: bool = False

    def give(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.queue.put_nowait(chunk)

    def end(self) -> None:
        self.queue.put_nowait(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        try:
            while (chunk := await self.queue.get()) is not None:
                yield chunk
        finally:
            self.left = True

    async def until_left(self) -> None:
        await wait_until(lambda: self.left)
