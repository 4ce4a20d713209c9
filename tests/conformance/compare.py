"""Comparing two answers that may differ in ids and times, and in nothing else.

An id of the one side stands for one id of the other, always the same, in all answers of a probe: references agree or
they are a difference. The form of a time is compared as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_ID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_HASH = r"(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])"
_IDS = re.compile(f"{_ID}|{_HASH}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")
_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost):\d+")


class Absent:
    """What stands for a part that only the other side has."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True, eq=False)
class Difference:
    """A place in an answer, and what each side has there. Each is equal to itself only: values have no hash."""

    place: str
    official: Any
    runline: Any


@dataclass
class Pairing:
    """Which id of Runline's stands for which official one, in one probe."""

    of_official: dict[str, str] = field(default_factory=dict)
    of_runline: dict[str, str] = field(default_factory=dict)

    def pair(self, official: str, runline: str) -> bool:
        """Whether the two stand for each other; new ones do from now on."""
        if official not in self.of_official and runline not in self.of_runline:
            self.of_official[official], self.of_runline[runline] = runline, official
        return self.of_official.get(official) == runline


def answers_differ(official: Any, runline: Any, pairing: Pairing) -> Iterator[Difference]:
    """Differences of two answers. Those of different statuses differ in that and in their bodies as a whole.

    A `failure` to ask or to be answered is always one, also of both sides: then nothing was shown.
    """
    if "failure" in official or "failure" in runline:
        yield Difference("failure", official.get("failure"), runline.get("failure"))
    elif (left := official.get("status")) != (right := runline.get("status")):
        yield Difference("status", left, right)
        yield Difference("body", _content(official), _content(runline))
    else:
        yield from differences(official, runline, pairing)


def _content(answer: Any) -> Any:
    return answer.get("body", answer.get("events"))


def differences(official: Any, runline: Any, pairing: Pairing, place: str = "") -> Iterator[Difference]:
    """Walk both documents and yield the places where they differ, in a fixed order."""
    if isinstance(official, dict) and isinstance(runline, dict):
        for key, other in _keys(official, runline, pairing):
            pair = official.get(key, ABSENT), runline.get(other, ABSENT)
            yield from differences(*pair, pairing, _inner(place, masked(key)))
    elif isinstance(official, list) and isinstance(runline, list):
        for index in range(max(len(official), len(runline))):
            pair = _at(official, index), _at(runline, index)
            yield from differences(*pair, pairing, _inner(place, str(index)))
    elif not _same(official, runline, pairing):
        yield Difference(place, official, runline)


def _keys(official: dict[str, Any], runline: dict[str, Any], pairing: Pairing) -> Iterator[tuple[str, str]]:
    """Pairs of keys: equal ones, ids that stand for each other, and those that only one side has with themselves."""
    others = [key for key in runline if key not in official]
    for key in sorted(official):
        fits = (other for other in others if _same(key, other, pairing))
        other = key if key in runline else next(fits, key)
        if other != key:
            others.remove(other)
        yield key, other
    yield from ((key, key) for key in sorted(others))


def _inner(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _same(official: Any, runline: Any, pairing: Pairing) -> bool:
    if isinstance(official, str) and isinstance(runline, str):
        return masked(official) == masked(runline) and _paired(official, runline, pairing)
    return type(official) is type(runline) and bool(official == runline)


def _paired(official: str, runline: str, pairing: Pairing) -> bool:
    ids = zip(_IDS.finditer(official), _IDS.finditer(runline), strict=True)
    # all of them are paired, even after a wrong one
    pairs = [pairing.pair(left[0].lower(), right[0].lower()) for left, right in ids]
    return all(pairs)


def masked(value: Any) -> Any:
    """A value whose ids, times and local addresses are replaced by their kinds, in keys as well."""
    if isinstance(value, str):
        text = _IDS.sub(lambda found: "<id>" if "-" in found[0] else "<hash>", value)
        return _LOOPBACK.sub("<address>", _TIME.sub(_masked_time, text))
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {masked(key): masked(item) for key, item in value.items()}
    return value


def _masked_time(found: re.Match[str]) -> str:
    _, fraction, zone = found.groups()
    if fraction is None and zone and zone != "Z":
        # Python spells a moment without its fraction where that is 0 microseconds
        fraction = "000000"
    return f"<time{found[1]}{len(fraction or '')}{zone or ''}>"


def part(document: Any, place: str) -> Any:
    """The part of a document at a place like "body.tasks.0.id"; ABSENT if it is not there."""
    for name in place.split(".") if place else ():
        if isinstance(document, list) and name.lstrip("-").isdigit() and -len(document) <= int(name) < len(document):
            document = document[int(name)]
        elif isinstance(document, dict) and name in document:
            document = document[name]
        else:
            return ABSENT
    return document


def shown(value: Any) -> str:
    """A value in one line, for people."""
    return repr(value) if isinstance(value, Absent) else json.dumps(value, ensure_ascii=False, default=str)
