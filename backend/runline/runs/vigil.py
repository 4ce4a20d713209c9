"""Whether who looks for ended leases could see all along that they were renewed.

While the database is away nobody renews, and behind an outage that is longer than a lease all leases have ended, though
their workers live. They renew as soon as they can; who reaps must not come first. An outage that costs leases keeps
looks from being answered, too: behind such a gap, and in its own first time, a process waits for as long as a lease
holds before it takes anything for abandoned. It needs no clock but its own steady one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_GAP = 1 / 2
"""In leases. Looks come every third; no lease that is renewed every third ends in less than two thirds."""


class Vigil:
    """Keeps the time of looks, from now on; `seconds` is how long a lease holds."""

    def __init__(self, seconds: float, steady: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._steady = steady
        self._seen_at = steady()
        self._blind_until = self._seen_at + seconds

    def looked(self) -> bool:
        """A look was answered now. Tells whether the leases that it found ended were left by their workers."""
        now = self._steady()
        if now - self._seen_at > self._seconds * _LONGEST_GAP:
            self._blind_until = now + self._seconds
        self._seen_at = now
        return now >= self._blind_until

    def acted(self) -> None:
        """What came of a look is done, however long that took: the database was there."""
        self._seen_at = self._steady()
