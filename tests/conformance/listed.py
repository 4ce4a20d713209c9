"""The differences that docs/compatibility.md lists, by its numbers, and the forms they mostly take."""

from __future__ import annotations

from typing import Any

from conformance.accepted import Accepted, Text
from conformance.compare import ABSENT

SSE_IDS = 2
END = 3
NO_STREAM = 4
DONE_RIGHT = 5
REFUSED = 6
TEXTS = 9
THREAD_FIELDS = 10
NULL_ANSWER = 15
CHECKED = 16
NEWEST_CONFIG = 20
VERSIONS = 24
ITEM_ORDER = 26
STORE_CHECKED = 30
NULLS = 34
METADATA = 35
INFO = 37
BULK_CANCEL = 38
NAMESPACES = 39
TICKS = 41
PAYLOADS = 43
THREAD_STREAMS = 45
NO_PRIVATE_NETWORK = 50
WEBHOOKS_TELL_MORE = 52
ALL_CHANNELS = 60
COMMANDS_ANSWERED = 61
ONE_SEQ = 62
LAST_RUN = 63
USAGE = 75
THREADLESS = 80
DELAYED_SINCE = 85
WAY_BACK = 151
COMMANDS_CHECKED = 160
ENDS_LAST = 161

ANY = Text("")


def status(number: int, official: int, runline: int, body: str = "") -> tuple[Accepted, Accepted]:
    """Another status, and a body of Runline's in whose JSON there is this pattern."""
    return Accepted(number, "status", official, runline), Accepted(number, "body", ANY, Text(body))


def worded(official: str, runline: str) -> Accepted:
    """The same status in other words; both are patterns."""
    return Accepted(TEXTS, "body.detail", Text(official), Text(runline))


def only_official(number: int, place: str, value: Any) -> Accepted:
    """What Runline leaves out."""
    return Accepted(number, place, value, ABSENT)


def only_here(number: int, place: str, value: Any) -> Accepted:
    """What Runline tells in addition."""
    return Accepted(number, place, ABSENT, value)
