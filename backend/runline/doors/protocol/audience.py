"""All who hear the same of a thread at the same time: one of them reads for all.

A reader of its own goes through every floor below for each event; among two hundred, that is most of what a delivery
costs, and of the memory of one that waits. So a reader that has caught up joins the others: the first one's view goes
on in a task, and what it tells is kept until all have taken it, or until there is too much of it. Who is too slow for
that falls behind, and reads by itself again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from itertools import islice
from weakref import WeakValueDictionary

from runline.doors.protocol.telling import Position, Telling
from runline.doors.protocol.view import Tellings
from runline.model.viewer import Viewer

_MOST_BYTES = 2**20


class FellBehind(Exception):
    """A reader was too slow; `position` is where it is."""

    def __init__(self, position: Position) -> None:
        super().__init__(position)
        self.position = position


class Audience:
    """Those who hear a thread; `read` tells it from `position` on. Nothing is read any more when the last has left."""

    def __init__(self, read: Tellings, position: Position) -> None:
        # all behind it is kept
        self._floor = position
        self._kept: deque[Telling] = deque()
        self._size = 0
        self._dropped = 0
        self._news = asyncio.Event()
        self._present = 0
        self._waiting = 0
        self._reading = asyncio.create_task(self._read(read))

    @property
    def over(self) -> bool:
        """Whether nothing more is read, now or in a moment."""
        return self._reading.done() or self._reading.cancelling() > 0

    def reaches(self, position: Position) -> bool:
        """Tell whether all behind a position is kept."""
        return self._floor.place <= position.place

    async def hear(self, position: Position) -> AsyncIterator[Sequence[Telling]]:
        """What is told behind a position that is reached, as it comes, several tellings where they wait.

        Ends as what is read, or raises what that has raised. Raises FellBehind.
        """
        self._present += 1
        joining = True
        number = self._dropped + sum(telling.position.place <= position.place for telling in self._kept)
        try:
            while True:
                if number < self._dropped:
                    raise FellBehind(position)
                if waiting := list(islice(self._kept, number - self._dropped, None)):
                    number += len(waiting)
                    if joining:
                        joining, waiting[0] = False, waiting[0].behind(position)
                    position = waiting[-1].position
                    yield waiting
                    del waiting
                elif self._reading.done():
                    self._reading.result()
                    return
                else:
                    await self._wait()
        finally:
            self._present -= 1
            if not self._present:
                self._reading.cancel()

    async def _read(self, read: Tellings) -> None:
        try:
            async with aclosing(read):
                async for telling in read:
                    if telling.events:
                        self._keep(telling)
                        # others' turn: what is there already comes without a pause
                        await asyncio.sleep(0)
        finally:
            self._wake()

    def _keep(self, telling: Telling) -> None:
        self._kept.append(telling)
        self._size += telling.size
        while self._size > _MOST_BYTES and len(self._kept) > 1:
            self._drop()
        self._wake()

    def _drop(self) -> None:
        telling = self._kept.popleft()
        self._floor = telling.position
        self._size -= telling.size
        self._dropped += 1

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
        self._waiting = 0

    async def _wait(self) -> None:
        self._waiting += 1
        if self._waiting == self._present:
            while self._kept:
                self._drop()
        news = self._news
        try:
            await news.wait()
        finally:
            if news is self._news:
                # it leaves
                self._waiting -= 1


class Audiences:
    """The audiences of this process."""

    def __init__(self) -> None:
        # their readers keep them
        self._known: WeakValueDictionary[tuple[Viewer, str], Audience] = WeakValueDictionary()

    def join(self, viewer: Viewer, thread_id: str, read: Tellings, position: Position) -> Audience | None:
        """The thread's audience, which goes on with `read` if there was none.

        None if one that has come to `position` has missed what the audience is told no more.
        """
        audience = self._known.get((viewer, thread_id))
        if audience is None or audience.over:
            audience = self._known[viewer, thread_id] = Audience(read, position)
        return audience if audience.reaches(position) else None
