"""Checkpoint ids as moments: langgraph makes them as UUIDs of version 6, which sort as their times do."""

from __future__ import annotations

from uuid import UUID

from runline.model.place import Place

_VERSION = 6
_EPOCH = 0x01B21DD213814000
"""1970, in the hundreds of nanoseconds since 1582 that a UUID counts."""


def is_made_by_time(checkpoint_id: str) -> bool:
    """Whether it is an id of that kind: whoever brings checkpoints of their own may call them what they like."""
    try:
        return UUID(checkpoint_id).version == _VERSION
    except ValueError:
        return False


def place_of_checkpoint(checkpoint_id: str) -> Place:
    """The position before a checkpoint."""
    # between them stands the digit of the version
    ticks = int(checkpoint_id[:8] + checkpoint_id[9:13] + checkpoint_id[15:18], 16)
    return Place((ticks - _EPOCH) // 10)


def first_checkpoint_id(place: Place) -> str:
    """What sorts before the ids of all checkpoints that were made at the place's moment or later."""
    digits = f"{place.moment * 10 + _EPOCH:015x}"
    return f"{digits[:8]}-{digits[8:12]}-6{digits[12:]}"
