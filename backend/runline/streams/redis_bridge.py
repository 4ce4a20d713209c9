"""StreamBridge over Redis: what this process writes, and mirrors of what others write, read from memory alike.

The log in memory is the one that this process's readers read. Beside it everything that is written here is sent to
the run's Redis Stream, for readers elsewhere, and nobody waits for that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from runline.model.event import Event
from runline.streams.contracts import Batch
from runline.streams.memory import MemoryStreamBridge
from runline.streams.redis_entries import End, Entry, Origin, encode
from runline.streams.redis_line import RedisLink
from runline.streams.redis_mirrors import RedisMirrors
from runline.streams.redis_notes import RedisNotes
from runline.streams.redis_writer import RedisWriter


class RedisStreamBridge:
    """See StreamBridge."""

    def __init__(self, link: RedisLink, writer: RedisWriter, memory: MemoryStreamBridge, notes: RedisNotes) -> None:
        self._link = link
        self._writer = writer
        self._notes = notes
        self._memory = memory
        self._mirrors = RedisMirrors(link, writer, memory)
        self._written: set[str] = set()

    @property
    def mirrors(self) -> RedisMirrors:
        """The streams that others write."""
        return self._mirrors

    def open(self, run_id: str, after: int = 0) -> None:
        """See StreamBridge. A mirror goes on as the log of this process."""
        if self._mirrors.drop(run_id) and after > self._memory.last_seq(run_id):
            self._memory.skip(run_id, after, anew=True)
        self._memory.open(run_id, after)
        if run_id not in self._written:
            self._written.add(run_id)
            self._send(run_id, Origin(self._memory.last_seq(run_id)))

    def expect(self, run_id: str) -> None:
        """See StreamBridge. Whoever wants to read it will say so."""

    def publish(self, run_id: str, event: Event) -> None:
        """See StreamBridge."""
        if run_id in self._written:
            self._memory.publish(run_id, event)
            self._send(run_id, event)

    def close(self, run_id: str, result: bytes) -> None:
        """See StreamBridge. Also of a run that nobody has begun to write: others may wait for it."""
        last_seq = self._memory.last_seq(run_id) if run_id in self._written else 0
        self._written.discard(run_id)
        self._mirrors.drop(run_id)
        self._memory.close(run_id, result)
        self._send(run_id, End(result, last_seq))
        self._notes.ended(run_id)

    def leave(self, run_id: str) -> None:
        """See StreamBridge. Who reads it here goes on with what the next attempt tells, wherever that is made."""
        if run_id in self._written:
            self._written.discard(run_id)
            self._mirrors.add(run_id, f"{self._memory.last_seq(run_id)}-0")

    def knows(self, run_id: str) -> bool:
        """See StreamBridge."""
        return self._memory.knows(run_id) and self._mirrors.caught_up(run_id)

    async def reach(self, run_id: str, newest: int | None, *, sure: bool = False) -> bool:
        """See StreamBridge. While Redis is away, what has ended is found in memory only."""
        if run_id not in self._mirrors:
            if self._memory.knows(run_id):
                return True
            self._memory.open(run_id, newest or 0)
            self._mirrors.add(run_id, sure=sure)
        found = await self._mirrors.catch_up(run_id)
        if not found and newest is None and run_id in self._mirrors and not self._memory.readers(run_id):
            self.lose(run_id)
        return self._memory.knows(run_id)

    def lose(self, run_id: str) -> None:
        """Give up a mirror whose run has ended though Redis does not say so; its readers are told."""
        if self._mirrors.drop(run_id):
            self._memory.lose(run_id)

    def feed(self, run_id: str, events: Sequence[Event]) -> bool:
        """Go on with a mirror from elsewhere, while Redis is away: `events` are the next ones. False if it cannot."""
        newest = self._memory.last_seq(run_id)
        if run_id not in self._mirrors or events[0].seq != newest + 1:
            return False
        for event in events:
            self._memory.publish(run_id, event)
        return True

    def last_seq(self, run_id: str) -> int:
        """See StreamBridge."""
        return self._memory.last_seq(run_id)

    def origin(self, run_id: str) -> int:
        """See StreamBridge."""
        return self._memory.origin(run_id)

    def read(self, run_id: str, after: int) -> AsyncIterator[Batch]:
        """See StreamBridge."""
        return self._memory.read(run_id, after)

    def shut_down(self) -> None:
        """See StreamBridge."""
        self._memory.shut_down()

    def _send(self, run_id: str, entry: Entry) -> None:
        self._writer.append(self._link.key("stream", run_id), encode(entry), ends=isinstance(entry, End))
