"""One numbered fact of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """`seq` counts from 1 without gaps within a run; `data` is encoded JSON, shared by all readers."""

    seq: int
    name: str
    data: bytes

    @property
    def mode(self) -> str:
        """The stream mode an event belongs to: `updates|child:1` and `messages/partial` give their first word."""
        return self.name.partition("|")[0].partition("/")[0]
