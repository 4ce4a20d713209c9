"""Where something stands among all that happens on a thread."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_EPOCH = datetime.fromtimestamp(0, UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a thread's stream. `moment` counts microseconds since 1970.

    The event `seq` of a run that was due at `moment` stands at (moment, seq). All of such a run, and a state update of
    that moment, lie behind (moment, 0) and before (moment + 1, 0).
    """

    moment: int
    seq: int = 0

    @property
    def time(self) -> datetime:
        """The moment as a time."""
        return _EPOCH + self.moment * _MICROSECOND

    @property
    def behind(self) -> Place:
        """The position behind all that belongs to this moment."""
        return Place(self.moment + 1)


def place_of(time: datetime) -> Place:
    """The position before all that belongs to a time."""
    return Place((time - _EPOCH) // _MICROSECOND)
