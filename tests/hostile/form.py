"""How much is done: the short form in the ordinary suite, the long one by `make hostile`."""

from __future__ import annotations

import os

LONG = os.environ.get("RUNLINE_TEST_HOSTILE") == "long"


def times(short: int, long: int) -> int:
    """The count of the form that was asked for."""
    return long if LONG else short
