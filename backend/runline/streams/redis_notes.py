"""RunNotes over Redis."""

from __future__ import annotations

import asyncio

from runline.streams.redis_line import UNREACHABLE, RedisLink
from runline.streams.redis_writer import OPEN_SECONDS, RedisWriter


class RedisNotes:
    """See RunNotes."""

    def __init__(self, link: RedisLink, writer: RedisWriter) -> None:
        self._link = link
        self._line = link.open_line()
        self._writer = writer
        self._turn = asyncio.Lock()

    def write(self, run_id: str, note: bytes) -> None:
        """See RunNotes."""
        self._writer.ring("SET", self._key(run_id), note, "EX", OPEN_SECONDS)

    def ended(self, run_id: str) -> None:
        """The retention of the run's stream begins, if there is a note of it."""
        self._writer.ring("EXPIRE", self._key(run_id), self._writer.kept_seconds)

    async def find(self, run_id: str) -> bytes | None:
        """See RunNotes."""
        try:
            async with self._turn:
                (found,) = await self._line.ask([("GET", self._key(run_id))])
        except UNREACHABLE:
            return None
        return found if isinstance(found, bytes) else None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()

    def _key(self, run_id: str) -> str:
        return self._link.key("note", run_id)
