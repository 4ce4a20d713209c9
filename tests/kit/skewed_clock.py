"""Processes whose clock is wrong: libfaketime tells them another time of day. Steady clocks are left as they are."""

from __future__ import annotations

from pathlib import Path

_LIBRARIES = "*/faketime/libfaketimeMT.so.1"


def skewed_by(seconds: int) -> dict[str, str]:
    """The environment of a process whose clock is ahead by so much, or behind if it is negative."""
    library = next(Path("/usr/lib").glob(_LIBRARIES), None)
    assert library, "libfaketime is missing: `make debian` installs it"
    return {"LD_PRELOAD": str(library), "FAKETIME": f"{seconds:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
