"""Text that every database and encoder takes."""

from __future__ import annotations

_MOST_CHARACTERS = 256


def sound_text(text: str) -> str:
    """A short name without NUL and lone surrogates, wherever it came from."""
    return text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode().replace("\0", "")
