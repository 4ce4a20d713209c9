"""Writers and readers of streams, as the tests use them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from kit.waiting import wait_until
from runline.model.event import Event
from runline.streams.contracts import Ended, EventsGone, StreamBridge

RESULT = b'{"done":true}'


def event(seq: int, size: int = 0) -> Event:
    """An event that can be told from all others, with at least `size` bytes of data."""
    return Event(seq, "values", str(seq).encode().rjust(size, b" "))


def publish(bridge: StreamBridge, run_id: str, seqs: Iterable[int], size: int = 0) -> None:
    for seq in seqs:
        bridge.publish(run_id, event(seq, size))


@dataclass
class Reading:
    """What one reader came to: its events in order, and how its reading ended."""

    events: list[Event] = field(default_factory=list)
    ended: Ended | None = None
    gone: bool = False

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]

    async def reach(self, count: int) -> None:
        """Wait for this many events."""
        await wait_until(lambda: len(self.events) >= count)


async def read(bridge: StreamBridge, run_id: str, after: int = 0, into: Reading | None = None) -> Reading:
    """Read a stream to its end."""
    reading = into or Reading()
    try:
        async for batch in bridge.read(run_id, after):
            assert reading.ended is None, "nothing follows Ended"
            if isinstance(batch, Ended):
                reading.ended = batch
            else:
                assert batch, "a batch holds at least one event"
                reading.events += batch
    except EventsGone:
        reading.gone = True
    return reading


def start_reading(bridge: StreamBridge, run_id: str, after: int = 0) -> tuple[Reading, asyncio.Task[Reading]]:
    """Read in the background; what has come so far is in the Reading."""
    reading = Reading()
    return reading, asyncio.create_task(read(bridge, run_id, after, reading))
