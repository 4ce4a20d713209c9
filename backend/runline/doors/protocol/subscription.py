"""One subscription of a connection: a reader of the thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from runline.doors.protocol.filters import Filter
from runline.doors.protocol.reader import Reader
from runline.errors import RunlineError


class ShutDown(Exception):
    """This process ends its streams, or cannot go on with them now: the client is to come again."""


class Subscription:
    """Sends what its filter shows. `count` events had been sent when `replayed` was set."""

    def __init__(self, reader: Reader, wanted: Filter, send: Callable[[str], Awaitable[None]]) -> None:
        self._reader = reader
        self._wanted = wanted
        self._send = send
        self.replayed = asyncio.Event()
        self.count = 0

    async def run(self) -> None:
        """Send until it is cancelled. Raises ShutDown."""
        try:
            async for tellings in self._reader.tellings():
                for telling in tellings:
                    await self._send_all(telling.texts(self._wanted))
                if self._reader.replayed:
                    self.replayed.set()
        except RunlineError as exc:
            raise ShutDown(str(exc)) from exc
        raise ShutDown

    async def _send_all(self, texts: Iterable[str]) -> None:
        for text in texts:
            await self._send(text)
            self.count += not self.replayed.is_set()
