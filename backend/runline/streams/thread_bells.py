"""The bells of threads, for a single process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from weakref import WeakValueDictionary


class _Rope:
    """What all who listen to a thread hold on to; it goes with the last of them."""

    def __init__(self) -> None:
        self.rings = 0
        self._next = asyncio.Event()

    def pull(self) -> None:
        self.rings += 1
        self._next.set()
        self._next = asyncio.Event()

    async def heard(self, rings: int, timeout: float) -> int:
        """Wait for more than so many rings, at most `timeout` seconds; returns how many there are."""
        if self.rings == rings:
            # not wait_for: before Python 3.12 it swallows a cancellation that meets the ring
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._next.wait()
        return self.rings


class MemoryThreadBells:
    """See ThreadBells. Costs nothing for threads that nobody listens to."""

    def __init__(self) -> None:
        self._ropes: WeakValueDictionary[str, _Rope] = WeakValueDictionary()
        self._shut_down = False

    def ring(self, thread_id: str) -> None:
        """See ThreadBells."""
        if rope := self._ropes.get(thread_id):
            rope.pull()

    def listen(self, thread_id: str, every: float) -> AsyncIterator[None]:
        """See ThreadBells."""
        rope = self._ropes.setdefault(thread_id, _Rope())
        return self._listen(rope, rope.rings, every)

    async def _listen(self, rope: _Rope, rings: int, every: float) -> AsyncIterator[None]:
        while not self._shut_down:
            yield
            rings = await rope.heard(rings, every)

    def shut_down(self) -> None:
        """See ThreadBells."""
        self._shut_down = True
        for rope in self._ropes.values():
            rope.pull()
