"""The time of day, behind a type so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class ToldClock:
    """Another machine's clock: what it told last, and the steady time that has passed here since."""

    def __init__(self) -> None:
        self._ahead = time.time() - time.monotonic()

    def hear(self, told: float, asked: float) -> None:
        """It told these seconds since 1970, and was asked when `time.monotonic()` was `asked`."""
        heard = time.monotonic()
        ahead = told - (asked + heard) / 2
        # what the way there and back explains is no news
        if abs(ahead - self._ahead) > (heard - asked) / 2:
            self._ahead = ahead

    def now(self) -> datetime:
        """Return the present moment there, aware, in UTC."""
        return datetime.fromtimestamp(time.monotonic() + self._ahead, UTC)
