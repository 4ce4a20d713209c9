"""Differences that show wherever their subject does, by the numbers of docs/compatibility.md."""

from __future__ import annotations

from conformance.accepted import Accepted, Text
from conformance.compare import ABSENT

SENTENCE = Text(r"^[^\n]+$")

STANDING = (
    Accepted(2, "ids", official="none", runline="every"),
    Accepted(3, "end", official=False, runline=True),
    Accepted(9, "body.detail", official=Text("\n\nFailed validating "), runline=SENTENCE),
    Accepted(10, "body.error", official=ABSENT, runline=None),
    Accepted(10, "body.interrupts", official=ABSENT, runline={}),
    Accepted(10, "body.*.error", official=ABSENT, runline=None),
    Accepted(10, "body.*.interrupts", official=ABSENT, runline={}),
)
