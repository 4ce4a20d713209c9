"""One subscription of a connection: a reader of the thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from runline.doors.protocol.filters import Filter
from runline.doors.protocol.view import ThreadView
from runline.errors import RunlineError


class ShutDown(Exception):
    """This process ends its streams, or cannot go on with them now: the client is to come again."""


class Subscription:
    """Sends what its filter shows. `count` events had been sent when `replayed` was set."""

    def __init__(self, view: ThreadView, wanted: Filter, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._view = view
        self._wanted = wanted
        self._send = send
        self.replayed = asyncio.Event()
        self.count = 0

    async def run(self) -> None:
        """Send until it is cancelled. Raises ShutDown."""
        try:
            async for events in self._view.events():
                for event in events:
                    if self._wanted.shows(event.name):
                        await self._send(event.encoded)
                        self.count += not self.replayed.is_set()
                if self._view.reached >= self._view.caught_up:
                    self.replayed.set()
        except RunlineError as exc:
            raise ShutDown(str(exc)) from exc
        raise ShutDown
