"""JSON in and out: compact UTF-8 by orjson, and an answer for everything a graph's state may hold.

Sources of the rules: the platform API sends messages and other models as their `model_dump`, exceptions as
{"error", "message"}, and never fails a response because one value in a state is not JSON.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Mapping, Set
from decimal import Decimal
from enum import Enum
from functools import cached_property
from pathlib import PurePath
from typing import Any

import orjson

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

JSONDecodeError = orjson.JSONDecodeError
loads = orjson.loads


def dumps(value: Any) -> bytes:
    """Encode any value on one line; what has no JSON form becomes its `repr`."""
    if isinstance(value, Once):
        return value.encoded
    try:
        # a copy, for orjson's own answer holds on to a buffer of at least 4 KiB, and events are kept by the thousand
        return bytes(memoryview(orjson.dumps(value, default=jsonable, option=_OPTIONS)))
    except (TypeError, RecursionError):
        # integers beyond 64 bits, lone surrogates, odd keys, deep nesting: the slow encoder takes all of them
        return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


class Once:
    """A value that is encoded once, however often it is sent or stored."""

    def __init__(self, value: Any) -> None:
        self.value = value

    @cached_property
    def encoded(self) -> bytes:
        """Its JSON."""
        return dumps(self.value)


def jsonable(value: Any) -> Any:
    """Return a simpler stand-in for a value that JSON does not know."""
    if isinstance(value, Once):
        return orjson.Fragment(value.encoded)
    if isinstance(value, BaseException):
        return {"error": type(value).__name__, "message": str(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set | tuple):
        return list(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    return _dumped(value)


def _dumped(value: Any) -> Any:
    """What the value says it is: as a pydantic model of either generation, or by its `repr`."""
    dump = getattr(value, "model_dump", None) or getattr(value, "dict", None)
    if callable(dump) and not isinstance(value, type):
        try:
            return dump()
        except Exception:
            # an application's model may fail to dump itself; that must not cost the rest of the state
            return repr(value)
    return repr(value)


def _plain(value: Any) -> Any:
    """The value in what the standard encoder knows; loops, not comprehensions, to spare the stack."""
    if isinstance(value, Once):
        return _plain(value.value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str):
        return _whole(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        mapping = {}
        for key, item in value.items():
            mapping[_key(key)] = _plain(item)
        return mapping
    if isinstance(value, list | tuple | Set):
        items = []
        for item in value:
            items.append(_plain(item))  # noqa: PERF401
        return items
    return _plain(_simpler(value))


def _simpler(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    try:
        return orjson.loads(orjson.dumps(value, option=_OPTIONS))
    except (TypeError, RecursionError):
        return jsonable(value)


def _key(key: Any) -> str:
    """As orjson writes keys."""
    if isinstance(key, str):
        return _whole(key)
    if isinstance(key, Enum):
        return _key(key.value)
    try:
        return str(next(iter(orjson.loads(orjson.dumps({key: 0}, option=_OPTIONS)))))
    except TypeError:
        return _whole(str(key))


def _whole(text: str) -> str:
    """The text with surrogates paired, or replaced where their other half is missing."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def depth_exceeds(value: Any, limit: int) -> bool:
    """Tell whether lists and objects are nested deeper than `limit`, without recursion."""
    level: list[Any] = [value]
    for _ in range(limit):
        level = [
            item
            for node in level
            for item in (node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
