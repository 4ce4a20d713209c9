"""Writes the log of runs and the ledger: what all runs have come to since the last time, in one transaction.

What is left of a run when it ends is not written here but by the transaction that ends it, so that a short run
costs none of its own, and no end is seen before what led to it. See storage/run_log.py.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TypeVar

import structlog

from runline.errors import Unavailable
from runline.model.entries import Entries
from runline.model.run import Run
from runline.model.run_event import RunEvent
from runline.model.usage import Tokens, UsageEntry
from runline.storage.run_log import KnownMessages, RunLogStore
from runline.streams.contracts import ThreadBells

log = structlog.get_logger()

T = TypeVar("T")

_PAUSE_SECONDS = 0.05
_MOST_WAITING = 500
"""Entries for which the pause is cut short."""


class RunLog:
    """What one attempt of a run has come to. Nodes that are not async tell it from threads of their own."""

    def __init__(self, run: Run, on_entry: Callable[[RunLog], None]) -> None:
        self.run = run
        self._on_entry = on_entry
        self._events: deque[RunEvent] = deque()
        self._usage: deque[UsageEntry] = deque()
        self._spent = self._spent_before = Tokens()

    def tell(self, event: RunEvent) -> None:
        """Take the run's next event."""
        self._events.append(event)
        self._on_entry(self)

    def spend(self, entry: UsageEntry) -> None:
        """Take a call of a model."""
        self._usage.append(entry)
        self._on_entry(self)

    def take(self) -> Entries:
        """What nobody has written yet, for somebody who writes it."""
        usage = _emptied(self._usage)
        self._spent_before = self._spent
        self._spent = sum((entry.tokens for entry in usage), self._spent)
        return Entries(_emptied(self._events), usage, self._spent if self.run.attempt == 1 else None)

    def put_back(self, entries: Entries) -> None:
        """They could not be written."""
        self._spent = self._spent_before
        self._events.extendleft(reversed(entries.events))
        self._usage.extendleft(reversed(entries.usage))
        self._on_entry(self)


class RunLogs:
    """The one writer of logs in this process."""

    def __init__(self, store: RunLogStore, bells: ThreadBells) -> None:
        self._store = store
        self._bells = bells
        self._waiting: set[RunLog] = set()
        self._writing: dict[RunLog, Entries] = {}
        self._count = 0
        self._called = False
        self._turn = asyncio.Lock()
        self._work, self._crowd, self._progress = asyncio.Event(), asyncio.Event(), asyncio.Event()

    def open(self, run: Run) -> RunLog:
        """The log of a claimed run's attempt. To be called in the event loop."""
        loop = asyncio.get_running_loop()

        def on_entry(log: RunLog) -> None:
            self._waiting.add(log)
            self._count += 1
            if not self._called:
                self._called = True
                loop.call_soon_threadsafe(self._work.set)
            if self._count == _MOST_WAITING:
                loop.call_soon_threadsafe(self._crowd.set)

        return RunLog(run, on_entry)

    async def known_messages(self, run: Run) -> KnownMessages:
        """What the log of the run's thread knows already. Raises Unavailable."""
        return await self._store.known_messages(run.thread_id)

    async def rest(self, log: RunLog) -> Entries:
        """What is left of a run that executes no more, for the transaction that ends it."""
        while log in self._writing:
            await self._progress.wait()
        self._waiting.discard(log)
        return log.take()

    def ring(self, run: Run) -> None:
        """Wake those who read the log of the run's thread: something of it was committed."""
        self._bells.ring(run.thread_id)

    async def write_step(self) -> None:
        """Write what is waiting, a moment after its first entry; for a supervised loop, which tries again."""
        await self._work.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_SECONDS):
                await self._crowd.wait()
        await self.flush()

    async def drain(self) -> None:
        """Write what is left when the process ends."""
        try:
            await self.flush()
        except Unavailable as exc:
            log.warning("what runs have come to is lost to their logs", reason=str(exc))

    async def flush(self) -> None:
        """Write what is waiting. Raises Unavailable; then it waits on."""
        async with self._turn:
            await self._flush()

    async def _flush(self) -> None:
        self._work.clear()
        self._crowd.clear()
        self._count, self._called = 0, False
        waiting = [self._waiting.pop() for _ in range(len(self._waiting))]
        self._writing = {log: entries for log in waiting if (entries := log.take())}
        if not self._writing:
            return
        try:
            await self._write(self._writing)
        finally:
            self._writing = {}
            self._progress.set()
            self._progress = asyncio.Event()

    async def _write(self, batch: Mapping[RunLog, Entries]) -> None:
        try:
            await self._store.append({(log.run.run_id, log.run.attempt): entries for log, entries in batch.items()})
        except BaseException:
            for log, entries in batch.items():
                log.put_back(entries)
            raise
        for log in batch:
            self.ring(log.run)


def _emptied(entries: deque[T]) -> list[T]:
    """What was in it; more may be added meanwhile."""
    return [entries.popleft() for _ in range(len(entries))]
