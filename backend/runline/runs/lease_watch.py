"""Stops what executes on a lease that has ended by this process's own steady clock: others may go on with it by then.

A process that cannot reach the database is told by nobody that it has lost its runs.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping

from runline.model.lifecycle import StopReason
from runline.runs.live import LiveRun

_EARLY = 1 / 10
"""In leases: so long before its end, for a graph that takes its time to stop."""

_LATE_SECONDS = 0.1
_WAKING_SECONDS = 0.5
"""For who stood still and looks late: the renewal that comes as it wakes up knows more than its clock."""

_LOST = (StopReason.LEASE_LOST, StopReason.DELETE)


class LeaseWatch:
    """Looks after the leases of the runs that execute here."""

    def __init__(self, lives: Mapping[str, LiveRun], lease_seconds: float) -> None:
        self._lives = lives
        self._early_seconds = _EARLY * lease_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf

    def begin(self, live: LiveRun) -> None:
        """The run is live from now on."""
        if self._due_of(live) < self._due:
            self._sleep()

    def _due_of(self, live: LiveRun) -> float:
        return live.leased_until - self._early_seconds

    def _executing(self) -> Iterable[LiveRun]:
        """Those that a stop would stop. For the end of a graph that has come to rest, the database sees who owns it."""
        return (live for live in self._lives.values() if live.stop_reason not in _LOST and not live.is_at_rest)

    def _sleep(self) -> None:
        """Until shortly before the first lease ends, unless that is renewed."""
        self._due = min(map(self._due_of, self._executing()), default=math.inf)
        if self._timer:
            self._timer.cancel()
        self._timer = None if self._due == math.inf else self._call_in(self._due - time.monotonic(), self._look)

    def _look(self) -> None:
        if time.monotonic() - self._due < _LATE_SECONDS:
            self._stop_ending()
        else:
            # no launch brings it forward
            self._due = -math.inf
            self._timer = self._call_in(_WAKING_SECONDS, self._stop_ending)

    def _stop_ending(self) -> None:
        now = time.monotonic()
        for live in [live for live in self._executing() if self._due_of(live) <= now]:
            live.stop(StopReason.LEASE_LOST)
        self._sleep()

    def _call_in(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(max(seconds, 0.0), callback)
