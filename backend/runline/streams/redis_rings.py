"""Rings from process to process, over one connection that hears and the writer that sends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runline.streams.redis_line import Command, RedisLink
from runline.streams.redis_writer import RedisWriter

_SILENCE_SECONDS = 5.0
"""After so long Redis is asked whether it is there."""


@dataclass(slots=True, eq=False)
class _Channel:
    heard: Callable[[str], None]
    missed: Callable[[], None]
    # whether somebody listened while nothing could be heard
    late: bool
    listeners: int = 0
    ready: asyncio.Event = field(default_factory=asyncio.Event)


class RedisRings:
    """Rings, sent and heard. A message is the node that rings, and what it says."""

    def __init__(self, link: RedisLink, writer: RedisWriter) -> None:
        self._link = link
        self._line = link.open_line()
        self._writer = writer
        self._channels: dict[str, _Channel] = {}
        self._connected = False
        self._wanted: list[Command] = []
        self._change = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether rings of others can be heard now."""
        return self._connected

    def hears(self, name: str) -> bool:
        """Whether no ring of this name is missed now."""
        channel = self._channels.get(self._link.key(name))
        return channel is not None and channel.ready.is_set()

    def ring(self, name: str, message: str = "") -> None:
        """Let all other processes hear this message; the same one twice may be heard once."""
        if self._link.up:
            self._writer.ring("PUBLISH", self._link.key(name), f"{self._link.node} {message}")

    def listen(self, name: str, heard: Callable[[str], None], missed: Callable[[], None]) -> asyncio.Event:
        """Call `heard` with the messages of others, and `missed` when some may have been lost.

        Returns what is set while nothing is missed. Each call needs its `leave`.
        """
        channel = self._channels.setdefault(self._link.key(name), _Channel(heard, missed, not self._connected))
        channel.listeners += 1
        if channel.listeners == 1:
            self._want("SUBSCRIBE", name)
        return channel.ready

    def leave(self, name: str) -> None:
        """Listen no more."""
        channel = self._channels[self._link.key(name)]
        channel.listeners -= 1
        if not channel.listeners:
            del self._channels[self._link.key(name)]
            self._want("UNSUBSCRIBE", name)

    async def speak_step(self) -> None:
        """Tell Redis what is listened to now; for a supervised loop."""
        await self._change.wait()
        self._change.clear()
        if self._connected:
            wanted, self._wanted = self._wanted, []
            await self._line.send(wanted)

    async def hear_step(self) -> None:
        """Connect, and hear until Redis is away; for a supervised loop. Raises what says that it is."""
        try:
            self._wanted.clear()
            await self._line.send([("SUBSCRIBE", self._link.key(self._link.node), *self._channels)])
            self._connected = True
            self._change.set()
            while True:
                self._take(await self._next())
                self._link.answered("hear")
        finally:
            self._connected = False
            for channel in self._channels.values():
                channel.ready.clear()
                channel.late = True
            await self._line.close()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()

    def _want(self, verb: str, name: str) -> None:
        self._wanted.append((verb, self._link.key(name)))
        self._change.set()

    async def _next(self) -> Any:
        said = await self._line.hear(_SILENCE_SECONDS)
        if said is None:
            await self._line.send([("PING",)])
            said = await self._line.hear(self._link.timeout_seconds)
        if said is None:
            raise TimeoutError("Redis is silent")
        return said

    def _take(self, said: Any) -> None:
        kind, name = said[0], said[1].decode()
        channel = self._channels.get(name)
        if channel is None:
            return
        if kind == b"subscribe":
            channel.ready.set()
            if channel.late:
                channel.late = False
                channel.missed()
        elif kind == b"message":
            node, _, message = said[2].decode().partition(" ")
            if node != self._link.node:
                channel.heard(message)
