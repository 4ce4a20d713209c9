"""The entries of a run's Redis Stream.

An event has the id `<seq>-0`, so that a position is arithmetic and nothing can be added twice or out of order. The
beginning of an attempt behind `after` is `<after>-1`. The end has an id that nothing can follow, so that the first end
is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.model.event import Event
from runline.streams.contracts import Ended

_EVENT, _ORIGIN, _END = b"+", b"origin", b"end"
_LAST_ID = f"{2**63}-0"

Fields = tuple[str, bytes, bytes]
"""An entry's id, and its one field: name and value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An attempt begins behind this seq."""

    after: int


Entry = Event | Origin | Ended


def encode(entry: Entry) -> Fields:
    """An entry as it stands in Redis."""
    match entry:
        case Event(seq, name, data):
            return f"{seq}-0", _EVENT + name.encode(), data
        case Origin(after):
            return f"{after}-1", _ORIGIN, b""
        case Ended(result):
            return _LAST_ID, _END, result


def decode(entry_id: bytes, fields: Sequence[bytes]) -> Entry:
    """What `encode` made."""
    number = int(entry_id.partition(b"-")[0])
    name, value = fields
    if name == _ORIGIN:
        return Origin(number)
    return Ended(value) if name == _END else Event(number, name[len(_EVENT) :].decode(), value)
