"""Readers of event streams that look at no more than they must."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

EVENT = b"event: "
TOKEN = b"event: messages"
END = b"\r\n\r\n"
CONTENT = re.compile(rb'"content":"(\d+) "')
TEXT = re.compile(rb'"text":"(\d+) "')
"""Where a token stands: in a chunk of a message, and in an event of the agent streaming protocol."""

_ID = re.compile(rb"^id: (.*?)\r?$", re.MULTILINE)


class Count:
    """Counts the occurrences of a marker, and notes when the first came, by `time.perf_counter` in seconds."""

    def __init__(self, marker: bytes) -> None:
        self._marker = marker
        self._rest = b""
        self.number = 0
        self.first: float | None = None

    def __call__(self, piece: bytes) -> None:
        """Take a piece of the stream."""
        seen = self._rest + piece
        if found := seen.count(self._marker):
            self.first = self.first or time.perf_counter()
            self.number += found
        # too short to hold a whole marker, so that none is counted twice
        self._rest = seen[1 - len(self._marker) :]

    def milliseconds_since(self, started: float) -> float:
        """From `started` to the first. Raises ValueError if there was none."""
        if self.first is None:
            raise ValueError(f"the stream ended without {self._marker.decode()!r}")
        return (self.first - started) * 1000


class Numbers:
    """The numbers that the `paced` agent streams as its tokens, told to `note` as they come."""

    def __init__(self, note: Callable[[int], None], where: re.Pattern[bytes] = CONTENT) -> None:
        self._note = note
        self._where = where
        self._rest = b""
        self.last_id: str | None = None

    def __call__(self, piece: bytes) -> None:
        """Take a piece of the stream."""
        whole, end, self._rest = (self._rest + piece).rpartition(END)
        if not end:
            return
        for number in self._where.findall(whole):
            self._note(int(number))
        if ids := _ID.findall(whole):
            self.last_id = ids[-1].decode()
