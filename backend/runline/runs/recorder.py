"""Stores the events of resumable runs, then publishes them: what a reader has seen can always be read again.

One transaction takes what all runs have emitted since the last one, so its cost is shared, and its rhythm is that
of the database: with little to do an event waits for one commit, with much to do the batches grow.
"""

from __future__ import annotations

import asyncio

from runline.model.event import Event
from runline.model.run import Run
from runline.storage.segments import Attempt, SegmentStore
from runline.streams.contracts import StreamBridge

_MOST_WAITING_BYTES = 4 * 2**20
"""Above this the runs that emit are held up until the database has caught up."""


class Recorder:
    """The one writer of stored streams in this process."""

    def __init__(self, segments: SegmentStore, bridge: StreamBridge) -> None:
        self._segments = segments
        self._bridge = bridge
        self._waiting: dict[Attempt, list[Event]] = {}
        self._writing: dict[Attempt, list[Event]] = {}
        self._waiting_bytes = 0
        self._work = asyncio.Event()
        self._progress = asyncio.Event()

    def record(self, run: Run, event: Event) -> None:
        """Take the run's next event."""
        self._waiting.setdefault((run.run_id, run.attempt), []).append(event)
        self._waiting_bytes += len(event.data)
        self._work.set()

    @property
    def congested(self) -> bool:
        """Whether more is waiting than should be."""
        return self._waiting_bytes > _MOST_WAITING_BYTES

    async def room(self) -> None:
        """Wait until it is not congested."""
        while self.congested:
            await self._progress.wait()

    async def flushed(self, run: Run) -> None:
        """Wait until all events of the run's attempt are stored and published."""
        key = (run.run_id, run.attempt)
        while key in self._waiting or key in self._writing:
            await self._progress.wait()

    async def write_step(self) -> None:
        """Store and publish what is waiting; for a supervised loop, which tries again after a failure."""
        if not self._writing:
            await self._work.wait()
            self._work.clear()
            self._writing, self._waiting, self._waiting_bytes = self._waiting, {}, 0
        stale = await self._segments.append(self._writing)
        for attempt, events in self._writing.items():
            if attempt not in stale:
                for event in events:
                    self._bridge.publish(attempt[0], event)
        self._writing = {}
        self._progress.set()
        self._progress = asyncio.Event()
