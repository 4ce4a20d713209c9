"""Checkpoint ids as moments: langgraph makes them as UUIDs of version 6, which sort as their times do.

It makes them by the machine's clock, and where several processes write to a thread their clocks differ. So it is given
the database's time, and told of each checkpoint that is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from langgraph.checkpoint.base import id as made

from runline.kit.clock import Clock
from runline.model.place import Place

_VERSION = 6
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = 0x01B21DD213814000
"""1970, in the hundreds of nanoseconds since 1582 that a UUID counts."""


def place_of_checkpoint(checkpoint_id: str) -> Place:
    """The position before a checkpoint."""
    return Place((_ticks(checkpoint_id) - _EPOCH) // 10)


def _ticks(checkpoint_id: str) -> int:
    # between them stands the digit of the version
    return int(checkpoint_id[:8] + checkpoint_id[9:13] + checkpoint_id[15:18], 16)


def first_checkpoint_id(place: Place) -> str:
    """What sorts before the ids of all checkpoints that were made at the place's moment or later."""
    digits = f"{place.moment * 10 + _EPOCH:015x}"
    return f"{digits[:8]}-{digits[8:12]}-6{digits[12:]}"


def come_behind(checkpoint_id: str) -> None:
    """Let the ids that are made here from now on sort behind this one, by whatever clock that was made.

    The newest checkpoint is the one that sorts last: what is written upon it would be lost before it.
    """
    if _is_made_by_time(checkpoint_id):
        names = vars(made)
        names["_last_v6_timestamp"] = max(names["_last_v6_timestamp"] or 0, _ticks(checkpoint_id))


def _is_made_by_time(checkpoint_id: str) -> bool:
    try:
        return UUID(checkpoint_id).version == _VERSION
    except ValueError:
        return False


@contextmanager
def told_by(clock: Clock) -> Iterator[None]:
    """Let ids be made by this clock meanwhile: that of the database, as other processes make others by it."""
    names = vars(made)
    before = names["time"]
    # of the module, one function is called
    names["time"] = _Told(clock)
    try:
        yield
    finally:
        names["time"] = before


class _Told:
    """What langgraph asks for the time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def time_ns(self) -> int:
        """Nanoseconds since 1970."""
        return (self._clock.now() - _BEGINNING) // _MICROSECOND * 1000
