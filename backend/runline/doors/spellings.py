"""Lists in queries, which every client spells in its own way.

Divergence 5: all of them are read.
"""

from __future__ import annotations

from collections.abc import Iterable

from runline.kit.json import JSONDecodeError, loads


def spelled(parts: Iterable[str]) -> list[str]:
    """The names in a query's values: one, repeated (Python SDK), a JSON array (JS SDK), or with commas."""
    return [name for part in parts for name in _names(part)]


def _names(part: str) -> list[str]:
    if part.startswith(("[", '"')):
        try:
            value = loads(part)
        except JSONDecodeError:
            return [part]
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return [name.strip() for name in part.split(",")]
