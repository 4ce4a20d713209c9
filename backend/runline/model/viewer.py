"""Who is calling, and so whose rows they may read or write."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A caller. `identity` owns what the caller creates and is the scope of every query on their behalf."""

    identity: str


ANONYMOUS = Viewer("")
"""Everybody, while authentication is off."""
