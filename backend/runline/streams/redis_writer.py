"""What this process tells Redis: entries of streams, and rings of bells. Nobody waits for it.

One batch is under way, the next collects meanwhile and for a moment more: with little to do an entry leaves at once,
with much to do the batches grow, as each costs this process more than its entries do. A batch whose answer is lost is
sent again, which the ids of entries make harmless.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import NamedTuple

import structlog
from redis.exceptions import ResponseError

from runline.streams.redis_entries import Fields
from runline.streams.redis_line import Command, RedisLink

log = structlog.get_logger()

OPEN_SECONDS = 86_400
"""How long a stream is kept that is not written to and has not ended."""

_LEAST_SECONDS = 10
"""An end is kept long enough for all to hear it, whatever the retention."""

_PAUSE_SECONDS = 0.004
"""From one batch to the next, at the least."""

_MOST_PER_BATCH = 512
_MOST_BYTES_PER_BATCH = 2**20
_OVERHEAD_BYTES = 400

# one script costs this process less than a transaction of both, whose every part has an answer
_ADD = "local added = redis.pcall('XADD', KEYS[1], unpack(ARGV, 2)) redis.call('EXPIRE', KEYS[1], ARGV[1]) return added"


def adding(key: str, seconds: int, *arguments: str | bytes | int) -> Command:
    """XADD with these arguments to a stream that is forgotten after so many seconds: it is never there without that."""
    return ("EVAL", _ADD, 1, key, seconds, *arguments)


class _Unsent(NamedTuple):
    key: str
    fields: Fields
    ends: bool

    @property
    def size(self) -> int:
        return len(self.fields[2]) + _OVERHEAD_BYTES


class RedisWriter:
    """The one sender of this process."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._line = link.open_line()
        self._unsent: deque[_Unsent] = deque()
        self._unsent_bytes = 0
        self._rings: dict[Command, None] = {}
        self._batch: list[Command] = []
        self._not_before = 0.0
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        options = link.options
        self._trim: Command = ("MAXLEN", "~", options.max_events_per_run)
        self.kept_seconds = max(int(options.retention_seconds), _LEAST_SECONDS)

    def append(self, key: str, fields: Fields, *, ends: bool = False) -> None:
        """Add an entry to a stream; `ends`: the stream's retention begins.

        While Redis is away the oldest entries are dropped when there are too many. Whoever mirrors the stream sees
        the gap.
        """
        unsent = _Unsent(key, fields, ends)
        self._unsent.append(unsent)
        self._unsent_bytes += unsent.size
        while self._unsent_bytes > self._link.options.max_unsent_bytes:
            self._unsent_bytes -= self._unsent.popleft().size
        self._wake()

    def ring(self, *command: str | bytes | int) -> None:
        """Send a command that may be lost; several that are the same count as one."""
        self._rings[command] = None
        self._wake()

    @property
    def idle(self) -> bool:
        """Whether all is sent."""
        return self._idle.is_set()

    async def flushed(self, timeout: float) -> None:
        """Wait until all is sent, at most so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._idle.wait()

    async def send_step(self) -> None:
        """Send the next batch; for a supervised loop. Raises what says that Redis is away."""
        await self._work.wait()
        clock = asyncio.get_running_loop().time
        if (early := self._not_before - clock()) > 0:
            await asyncio.sleep(early)
        self._not_before = clock() + _PAUSE_SECONDS
        if not self._batch:
            self._batch = [*self._rings, *self._next_entries()]
            self._rings.clear()
        replies = await self._line.ask(self._batch) if self._batch else []
        self._report([reply for reply in replies if isinstance(reply, ResponseError)])
        self._batch = []
        if not self._unsent and not self._rings:
            self._work.clear()
            self._idle.set()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._line.close()

    def _wake(self) -> None:
        self._work.set()
        self._idle.clear()

    def _next_entries(self) -> list[Command]:
        """As many as fit in a batch; the first of each stream makes it, if it must, and the others do not.

        So a stream that Redis loses between two of them is not made anew without its expiry.
        """
        taken: list[_Unsent] = []
        lasts: dict[str, int] = {}
        size = 0
        while self._unsent and len(taken) < _MOST_PER_BATCH and size < _MOST_BYTES_PER_BATCH:
            unsent = self._unsent.popleft()
            size += unsent.size
            taken.append(unsent)
            lasts[unsent.key] = self.kept_seconds if unsent.ends else lasts.get(unsent.key, OPEN_SECONDS)
        self._unsent_bytes -= size
        commands: list[Command] = []
        for key, fields, _ in taken:
            if seconds := lasts.pop(key, 0):
                commands.append(adding(key, seconds, *self._trim, *fields))
            else:
                commands.append(("XADD", key, "NOMKSTREAM", *self._trim, *fields))
        return commands

    def _report(self, refusals: list[ResponseError]) -> None:
        """An id that is not the greatest is of an entry that was sent before, or of an attempt that is over."""
        odd = [refusal for refusal in refusals if "equal or smaller" not in str(refusal)]
        if odd:
            log.warning("Redis refuses entries of streams", refused=len(odd), reason=str(odd[0]))
