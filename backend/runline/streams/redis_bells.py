"""Bells that ring in every process. Local ones never wait for Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from runline.model.lifecycle import StopReason
from runline.streams.memory import MemoryBell
from runline.streams.redis_rings import RedisRings
from runline.streams.thread_bells import MemoryThreadBells


class RedisBell:
    """See Bell."""

    def __init__(self, name: str, rings: RedisRings) -> None:
        self._name = name
        self._rings = rings
        self._local = MemoryBell()
        rings.listen(name, lambda _: self._local.ring(), self._local.ring)

    def ring(self) -> None:
        """See Bell."""
        self._local.ring()
        self._rings.ring(self._name)

    async def wait(self, timeout: float) -> None:
        """See Bell."""
        await self._local.wait(timeout)


class RedisStopBell:
    """See StopBell."""

    def __init__(self, rings: RedisRings) -> None:
        self._rings = rings

    def ring(self, run_id: str, reason: StopReason) -> None:
        """See StopBell."""
        self._rings.ring("stop", f"{run_id} {reason}")

    def answer(self, stop: Callable[[str, StopReason], None]) -> None:
        """See StopBell."""

        def heard(message: str) -> None:
            run_id, _, reason = message.partition(" ")
            stop(run_id, StopReason(reason))

        self._rings.listen("stop", heard, lambda: None)


class RedisThreadBells:
    """See ThreadBells. Only threads that somebody here listens to are heard of."""

    def __init__(self, name: str, rings: RedisRings, patience_seconds: float) -> None:
        self._name = name
        self._rings = rings
        self._patience = patience_seconds
        self._local = MemoryThreadBells()

    def ring(self, thread_id: str) -> None:
        """See ThreadBells."""
        self._local.ring(thread_id)
        self._rings.ring(f"{self._name}:{thread_id}")

    def listen(self, thread_id: str, every: float) -> AsyncIterator[None]:
        """See ThreadBells."""
        return self._listen(thread_id, self._local.listen(thread_id, every))

    async def _listen(self, thread_id: str, turns: AsyncIterator[None]) -> AsyncIterator[None]:
        name = f"{self._name}:{thread_id}"
        ready = self._rings.listen(name, lambda _: self._local.ring(thread_id), lambda: self._local.ring(thread_id))
        try:
            # who is told for the first time looks around: what comes after that must be heard
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await ready.wait()
            async for turn in turns:
                yield turn
        finally:
            self._rings.leave(name)

    def shut_down(self) -> None:
        """See ThreadBells."""
        self._local.shut_down()
