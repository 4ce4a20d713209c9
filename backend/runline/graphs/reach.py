"""Files of langgraph's that are out of reach for now are said to be so as the rest of the gateway does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from runline.errors import Unavailable

# primary result codes, the low byte of what an exception carries
_OUT_OF_REACH = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}


@contextmanager
def within_reach(what: str) -> Iterator[None]:
    """Raise Unavailable, with `what` as its subject, when the file is locked or its disk full."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode & 0xFF not in _OUT_OF_REACH:
            raise
        raise Unavailable(f"{what} cannot be read or stored now: {exc}.") from exc
