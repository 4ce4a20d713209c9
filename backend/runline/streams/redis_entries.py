"""The entries of a run's Redis Stream.

An event has the id `<seq>-0`, so that a position is arithmetic and nothing can be added twice or out of order. The
beginning of an attempt behind `after` is `<after>-1`. The end has an id that nothing can follow, so that the first end
is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runline.model.event import Event

_EVENT, _ORIGIN, _END = b"+", b"origin", b"end:"
_LAST_ID = f"{2**63}-0"

Fields = tuple[str, bytes, bytes]
"""An entry's id, and its one field: name and value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An attempt begins behind this seq."""

    after: int


@dataclass(frozen=True, slots=True)
class End:
    """The end of a stream, behind the event `last_seq`; 0 if whoever ends it does not know. `result` as in Ended."""

    result: bytes
    last_seq: int


Entry = Event | Origin | End


def encode(entry: Entry) -> Fields:
    """An entry as it stands in Redis."""
    match entry:
        case Event(seq, name, data):
            return f"{seq}-0", _EVENT + name.encode(), data
        case Origin(after):
            return f"{after}-1", _ORIGIN, b""
        case End(result, last_seq):
            return _LAST_ID, b"%b%d" % (_END, last_seq), result


def decode(entry_id: bytes, fields: Sequence[bytes]) -> Entry:
    """What `encode` made."""
    number = int(entry_id.partition(b"-")[0])
    name, value = fields
    if name == _ORIGIN:
        return Origin(number)
    if name.startswith(_END):
        return End(value, int(name[len(_END) :]))
    return Event(number, name[len(_EVENT) :].decode(), value)
