"""Streams and bells for a single process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic

from runline.model.event import Event
from runline.model.lifecycle import StopReason
from runline.streams.contracts import Batch, Ended, EventsGone

_OVERHEAD_BYTES = 200
"""What one kept event costs beside its data: the Event, its name and its place in the log."""

_MOST_PER_BATCH = 256
_MOST_BYTES_PER_BATCH = 256 * 1024
"""A batch is what a stalled reader holds on to."""


@dataclass(frozen=True, slots=True)
class KeepLimits:
    """How long a closed stream is kept (seconds) and how much memory streams may hold (bytes)."""

    retention_seconds: float = 60.0
    max_bytes_per_run: int = 64 * 2**20
    max_bytes_total: int = 256 * 2**20


@dataclass(slots=True)
class _Stream:
    events: list[Event] = field(default_factory=list)
    size: int = 0
    origin: int = 0
    last_seq: int = 0
    # behind it the events are kept, without a gap
    floor: int = 0
    ended: Ended | None = None
    ended_at: float = 0.0
    lost: bool = False
    readers: int = 0
    # only while somebody waits: most streams are kept, unread, for longer than they are written
    wake: asyncio.Event | None = None

    async def news(self) -> None:
        """Wait for the next `notify`; all who wait share one event object."""
        self.wake = self.wake or asyncio.Event()
        await self.wake.wait()

    def notify(self) -> None:
        """Wake all who wait."""
        if self.wake:
            self.wake.set()
            self.wake = None

    def shrink(self, limit: int) -> int:
        """Drop the oldest events until an eighth of `limit` is free again; returns the bytes that went."""
        freed = count = 0
        while count < len(self.events) - 1 and self.size - freed > limit - limit // 8:
            freed += _size(self.events[count])
            count += 1
        self.floor += count
        del self.events[:count]
        self.size -= freed
        return freed

    def after(self, seq: int) -> list[Event]:
        """The next events after `seq`, up to one batch; seqs are dense, so the place is arithmetic."""
        start = seq - self.floor
        size = count = 0
        for event in islice(self.events, start, start + _MOST_PER_BATCH):
            size += _size(event)
            if count and size > _MOST_BYTES_PER_BATCH:
                break
            count += 1
        return self.events[start : start + count]


class MemoryStreamBridge:
    """Every stream of this process: a log in memory per run. See StreamBridge.

    Bounded memory: a run's oldest events go when its log exceeds its limit, and the streams that ended first go
    when all logs together exceed theirs.
    """

    def __init__(self, limits: KeepLimits) -> None:
        self._limits = limits
        self._streams: dict[str, _Stream] = {}
        # in order of their end; all have the same retention
        self._ended: dict[str, None] = {}
        self._total = 0
        self._shut_down = False

    def open(self, run_id: str, after: int = 0) -> None:
        """See StreamBridge. A stream that had ended goes on (its run was given back to the queue)."""
        self._expire()
        stream = self._streams.setdefault(run_id, _Stream(origin=after, last_seq=after, floor=after))
        if stream.ended:
            self._ended.pop(run_id)
            self._grow(stream, -len(stream.ended.result))
            stream.ended = None

    def publish(self, run_id: str, event: Event) -> None:
        """See StreamBridge."""
        stream = self._streams.get(run_id)
        if stream is None:
            return
        stream.events.append(event)
        stream.last_seq = event.seq
        self._grow(stream, _size(event))
        if stream.size > self._limits.max_bytes_per_run:
            self._total -= stream.shrink(self._limits.max_bytes_per_run)
        if self._total > self._limits.max_bytes_total:
            self._expire()
        stream.notify()

    def close(self, run_id: str, result: bytes) -> None:
        """See StreamBridge."""
        stream = self._streams.get(run_id)
        if stream is None or stream.ended:
            return
        stream.ended = Ended(result)
        stream.ended_at = monotonic()
        self._grow(stream, len(result))
        self._ended[run_id] = None
        stream.notify()
        self._expire()

    def expect(self, run_id: str) -> None:
        """See StreamBridge. Only this process can execute the run."""
        self.open(run_id)

    def leave(self, run_id: str) -> None:
        """See StreamBridge. The next attempt is made in this process, too, or after its end."""

    async def reach(self, run_id: str, newest: int | None, *, sure: bool = False) -> bool:  # noqa: ARG002
        """See StreamBridge. There is nothing elsewhere."""
        if newest is not None and run_id not in self._streams:
            self.open(run_id, newest)
        return self.knows(run_id)

    def skip(self, run_id: str, seq: int, *, anew: bool) -> None:
        """Go on behind `seq`: what an open stream holds up to there is forgotten, what it lacks never comes.

        `anew`: there an attempt begins whose predecessor's events are nowhere.
        """
        stream = self._streams[run_id]
        self._grow(stream, -stream.size)
        stream.events.clear()
        stream.floor = stream.last_seq = seq
        if anew:
            stream.origin = seq
        stream.notify()

    def lose(self, run_id: str) -> None:
        """Forget an open stream; its readers are told that its events are gone."""
        stream = self._streams.pop(run_id)
        self._total -= stream.size
        stream.lost = True
        stream.notify()

    def readers(self, run_id: str) -> int:
        """How many read the stream now."""
        return self._streams[run_id].readers

    def knows(self, run_id: str) -> bool:
        """See StreamBridge."""
        self._expire()
        return run_id in self._streams

    def last_seq(self, run_id: str) -> int:
        """See StreamBridge."""
        stream = self._streams.get(run_id)
        return stream.last_seq if stream else 0

    def origin(self, run_id: str) -> int:
        """See StreamBridge."""
        stream = self._streams.get(run_id)
        return stream.origin if stream else 0

    def read(self, run_id: str, after: int) -> AsyncIterator[Batch]:
        """See StreamBridge. The stream is taken hold of here, and lasts as long as its reader."""
        return self._read(run_id, self._streams.get(run_id), after)

    async def _read(self, run_id: str, stream: _Stream | None, after: int) -> AsyncIterator[Batch]:
        if stream is None:
            return
        stream.readers += 1
        try:
            while True:
                if stream.lost or after < stream.floor:
                    raise EventsGone(run_id, after, None if stream.lost else stream.floor)
                if after < stream.last_seq:
                    batch = stream.after(after)
                    after = batch[-1].seq
                    yield batch
                elif stream.ended:
                    yield stream.ended
                    return
                elif self._shut_down:
                    return
                else:
                    await stream.news()
        finally:
            stream.readers -= 1

    def shut_down(self) -> None:
        """See StreamBridge."""
        self._shut_down = True
        for stream in self._streams.values():
            stream.notify()

    def _grow(self, stream: _Stream, size: int) -> None:
        stream.size += size
        self._total += size

    def _expire(self) -> None:
        """Drop ended streams that are past their retention, or too many for the memory they share."""
        oldest_kept = monotonic() - self._limits.retention_seconds
        while self._ended:
            run_id = next(iter(self._ended))
            stream = self._streams[run_id]
            if stream.ended_at > oldest_kept and self._total <= self._limits.max_bytes_total:
                return
            del self._ended[run_id], self._streams[run_id]
            self._total -= stream.size


class MemoryBell:
    """A bell for one process. See Bell."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """See Bell."""
        self._event.set()

    async def wait(self, timeout: float) -> None:
        """See Bell."""
        # not wait_for: before Python 3.12 it swallows a cancellation that meets the ring
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._event.wait()
        self._event.clear()


class MemoryStopBell:
    """See StopBell. There is no other process."""

    def ring(self, run_id: str, reason: StopReason) -> None:
        """See StopBell."""

    def answer(self, stop: Callable[[str, StopReason], None]) -> None:
        """See StopBell."""


def _size(event: Event) -> int:
    return len(event.data) + _OVERHEAD_BYTES
