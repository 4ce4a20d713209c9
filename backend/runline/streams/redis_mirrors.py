"""Mirrors: the streams of runs that other processes execute, as this process's readers see them.

The first reader of such a run opens its mirror, a stream in memory that one task fills from Redis for all mirrors and
all readers: from the first entry that is kept, then as entries come, so that nothing is missed between replay and live
tail. A mirror goes when nobody has read it for a while. What Redis has lost is told to readers as gone.

Divergence 95: a run is streamed by any process.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from redis.exceptions import ResponseError

from runline.model.event import Event
from runline.streams.memory import MemoryStreamBridge
from runline.streams.redis_entries import End, Entry, Origin, decode
from runline.streams.redis_line import Command, RedisLink
from runline.streams.redis_writer import RedisWriter, adding

_BLOCK_SECONDS = 1.0
_ENTRIES_PER_READ = 64
_IDLE_SECONDS = 30.0
_ALARM_SECONDS = 60

_SECONDS_PER_MIRROR = 20e-6
"""Each read names all mirrors, so that with many of them entries are left to gather."""


@dataclass(slots=True, eq=False)
class _Mirror:
    position: str | bytes
    sure: bool = False
    found: bool = False
    idle_since: float | None = None
    caught_up: asyncio.Event = field(default_factory=asyncio.Event)


class RedisMirrors:
    """The mirrors of this process, and what fills them."""

    def __init__(self, link: RedisLink, writer: RedisWriter, memory: MemoryStreamBridge) -> None:
        self._link = link
        self._line = link.open_line()
        self._writer = writer
        self._memory = memory
        self._mirrors: dict[str, _Mirror] = {}
        self._changed = asyncio.Event()
        # an entry here interrupts a read that waits for entries of the mirrors there were
        self._alarm = link.key("alarm", link.node)
        self._alarm_position: str | bytes = "0-0"
        self._sweep_at = 0.0

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._mirrors

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._mirrors))

    def add(self, run_id: str, position: str = "0-0", *, sure: bool = False) -> None:
        """Mirror a run, whose stream is open in memory, from the entries behind `position` on.

        `sure`: there are some, if not yet.
        """
        self._mirrors[run_id] = _Mirror(position, sure)
        self._changed.set()
        self._writer.ring(*adding(self._alarm, _ALARM_SECONDS, "MAXLEN", 1, "*", "new", "mirror"))

    def drop(self, run_id: str) -> bool:
        """Mirror it no more; what came of it stays. Tells whether it was mirrored."""
        if mirror := self._mirrors.pop(run_id, None):
            mirror.caught_up.set()
        return mirror is not None

    def caught_up(self, run_id: str) -> bool:
        """Whether all is there that Redis had when the mirror was opened; also for what is no mirror."""
        mirror = self._mirrors.get(run_id)
        return mirror is None or mirror.caught_up.is_set()

    async def catch_up(self, run_id: str) -> bool:
        """Wait until it is, as long as Redis may take; tells whether there was anything."""
        mirror = self._mirrors[run_id]
        with suppress(TimeoutError):
            async with asyncio.timeout(self._link.timeout_seconds if self._link.up else 0):
                await mirror.caught_up.wait()
        # as far as it can be now
        mirror.caught_up.set()
        return mirror.found

    async def tail_step(self) -> None:
        """Read what is new of all mirrors; for a supervised loop. Raises what says that Redis is away."""
        if not self._mirrors:
            # who asks for nothing cannot tell that Redis is away
            self._link.answered("mirror")
            self._changed.clear()
            await self._changed.wait()
        asked = dict(self._mirrors)
        # new mirrors are to know at once what there is, and if there is nothing
        wait = all(mirror.sure or mirror.caught_up.is_set() for mirror in asked.values())
        replies = await self._line.ask([self._read(asked, wait=wait)], patience=_BLOCK_SECONDS)
        if isinstance(replies[0], ResponseError):
            raise replies[0]
        news = dict(replies[0] or ())
        self._note_alarm(news.get(self._alarm.encode(), ()))
        for run_id, mirror in asked.items():
            self._take(run_id, mirror, news.get(self._key(run_id).encode(), ()))
        self._sweep()
        if news:
            await asyncio.sleep(len(asked) * _SECONDS_PER_MIRROR)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()

    def _read(self, asked: dict[str, _Mirror], *, wait: bool) -> Command:
        block: Command = ("BLOCK", int(_BLOCK_SECONDS * 1000)) if wait else ()
        keys = (self._alarm, *(self._key(run_id) for run_id in asked))
        positions = (self._alarm_position, *(mirror.position for mirror in asked.values()))
        return ("XREAD", "COUNT", _ENTRIES_PER_READ, *block, "STREAMS", *keys, *positions)

    def _key(self, run_id: str) -> str:
        return self._link.key("stream", run_id)

    def _note_alarm(self, entries: Sequence[Any]) -> None:
        if entries:
            self._alarm_position = entries[-1][0]

    def _take(self, run_id: str, mirror: _Mirror, entries: Sequence[Any]) -> None:
        for entry_id, fields in entries:
            if self._mirrors.get(run_id) is not mirror:
                # it ended, or is executed here by now
                return
            mirror.position, mirror.found = entry_id, True
            self._tell(run_id, decode(entry_id, fields))
        if len(entries) < _ENTRIES_PER_READ and (mirror.found or not mirror.sure):
            mirror.caught_up.set()

    def _tell(self, run_id: str, entry: Entry) -> None:
        newest = self._memory.last_seq(run_id)
        match entry:
            case Origin(after) if after > newest:
                self._memory.skip(run_id, after, anew=True)
            case Event(seq) if seq > newest:
                if seq > newest + 1:
                    self._memory.skip(run_id, seq - 1, anew=False)
                self._memory.publish(run_id, entry)
            case End(result, last_seq):
                if last_seq > newest:
                    self._memory.skip(run_id, last_seq, anew=False)
                self.drop(run_id)
                self._memory.close(run_id, result)

    def _sweep(self) -> None:
        """Drop what nobody reads any more."""
        now = monotonic()
        if now < self._sweep_at:
            return
        self._sweep_at = now + 1
        for run_id, mirror in list(self._mirrors.items()):
            if self._memory.readers(run_id):
                mirror.idle_since = None
            elif mirror.idle_since is None:
                mirror.idle_since = now
            elif now - mirror.idle_since > _IDLE_SECONDS:
                self.drop(run_id)
                self._memory.lose(run_id)
