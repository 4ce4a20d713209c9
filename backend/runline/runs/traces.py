"""Trace content of the log, cut to size: as much of a value's JSON as there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from runline.kit.json import Once, dumps


def excerpt(value: Any, limit: int) -> tuple[Once, bool]:
    """The value encoded, and whether it was too long: then the beginning of its JSON, in `limit` bytes, as a text.

    A long list or object is encoded no further than need be.
    """
    encoded, size = [], 0
    for part in _parts(value):
        encoded.append(part)
        size += len(part)
        if size > limit:
            text = b"".join(encoded)[:limit].decode("utf-8", "ignore")
            return Once(text), True
    return Once(orjson.Fragment(b"".join(encoded))), False


def _parts(value: Any, depth: int = 2) -> Iterator[bytes]:
    """The value's JSON in parts; its members, and theirs, come one by one."""
    if depth and type(value) is dict and all(type(key) is str for key in value):
        for index, (key, item) in enumerate(value.items()):
            yield b"%b%b:" % (b"," if index else b"{", dumps(key))
            yield from _parts(item, depth - 1)
        yield b"}" if value else b"{}"
    elif depth and type(value) in (list, tuple):
        for index, item in enumerate(value):
            yield b"," if index else b"["
            yield from _parts(item, depth - 1)
        yield b"]" if value else b"[]"
    else:
        yield dumps(value)
