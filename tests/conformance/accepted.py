"""Differences that docs/compatibility.md lists. Each says what both sides answer, and is wrong once they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from conformance.compare import ABSENT, Difference, masked, shown


@dataclass(frozen=True)
class Text:
    """Any text in which this regular expression is found, or any other value in whose JSON it is found."""

    pattern: str

    def fits(self, value: Any) -> bool:
        """Whether a value is such a one."""
        text = value if isinstance(value, str) else shown(value)
        return value is not ABSENT and re.search(self.pattern, text, re.DOTALL) is not None


@dataclass(frozen=True, eq=False)
class Accepted:
    """A difference at a place (`*` stands for anything in it), by the number of its divergence.

    A side is given as a value with its ids and times masked, as ABSENT, or as Text.
    """

    divergence: int
    place: str
    official: Any
    runline: Any

    def fits(self, difference: Difference) -> bool:
        """Whether this is the difference, on both sides."""
        return (
            fnmatchcase(difference.place, self.place)
            and _fits(self.official, difference.official)
            and _fits(self.runline, difference.runline)
        )


def _fits(expected: Any, value: Any) -> bool:
    return expected.fits(value) if isinstance(expected, Text) else bool(expected == masked(value))


@dataclass(frozen=True)
class Judged:
    """What became of the differences of one answer."""

    open: tuple[Difference, ...]
    used: tuple[Accepted, ...]
    gone: tuple[Accepted, ...]
    """Declared of this very answer, and not found in it."""


def judge(differences: Sequence[Difference], declared: Sequence[Accepted], standing: Sequence[Accepted]) -> Judged:
    """Sort the differences of an answer into those that are accepted and those that are not."""
    found = {difference: _first(difference, (*declared, *standing)) for difference in differences}
    used = tuple(accepted for accepted in found.values() if accepted)
    return Judged(
        open=tuple(difference for difference, accepted in found.items() if not accepted),
        used=used,
        gone=tuple(accepted for accepted in declared if accepted not in used),
    )


def _first(difference: Difference, accepted: Sequence[Accepted]) -> Accepted | None:
    return next((each for each in accepted if each.fits(difference)), None)
