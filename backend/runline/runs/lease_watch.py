"""Stops what executes on a lease that has ended by this process's own steady clock: others may go on with it by then.

A process that cannot reach the database is told by nobody that it has lost its runs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from runline.model.lifecycle import StopReason
from runline.runs.live import LiveRun

_EARLY = 1 / 10
"""In leases: so long before its end, for a graph that takes its time to stop."""

_WAKING_SECONDS = 0.5
"""For who stood still beyond the end: the renewal that comes as it wakes up knows more than its clock."""


class LeaseWatch:
    """Looks after the leases of the runs that are live here, for as long as there are any."""

    def __init__(self, lives: Mapping[str, LiveRun], lease_seconds: float) -> None:
        self._lives = lives
        self._early_seconds = _EARLY * lease_seconds
        self._look_again: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """A run is live."""
        if not self._look_again:
            self._sleep()

    def _held(self) -> list[LiveRun]:
        return [live for live in self._lives.values() if live.stop_reason is not StopReason.LEASE_LOST]

    def _sleep(self) -> None:
        """Until shortly before the first lease ends, unless that is renewed."""
        self._look_again = None
        if held := self._held():
            seconds = min(live.leased_until for live in held) - self._early_seconds - time.monotonic()
            self._look_again = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._look)

    def _look(self, *, awake: bool = False) -> None:
        now = time.monotonic()
        ending = [live for live in self._held() if live.leased_until - self._early_seconds <= now]
        if not awake and any(live.leased_until <= now for live in ending):
            self._look_again = asyncio.get_running_loop().call_later(_WAKING_SECONDS, lambda: self._look(awake=True))
            return
        for live in ending:
            live.stop(StopReason.LEASE_LOST)
        self._sleep()
