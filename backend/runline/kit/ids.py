"""Identifiers: canonical lower-case UUID strings."""

from __future__ import annotations

from uuid import UUID

from uuid_utils import uuid7


def new_id() -> str:
    """Return a fresh UUIDv7: ordered by time, and strictly growing within one process."""
    return str(uuid7())


def parse_id(text: str) -> str | None:
    """Return the canonical form of a UUID in any letter case, or None if `text` is not one."""
    try:
        # Python reads the digits of all scripts as numbers, and so as ids that nobody has written
        return str(UUID(text)) if text.isascii() else None
    except ValueError:
        return None
