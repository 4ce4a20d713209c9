"""JSON in and out: compact UTF-8 by orjson, and an answer for everything a graph's state may hold.

Sources of the rules: the platform API sends messages and other models as their `model_dump`, exceptions as
{"error", "message"}, and never fails a response because one value in a state is not JSON.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Set
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import orjson

_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY

JSONDecodeError = orjson.JSONDecodeError
loads = orjson.loads


def dumps(value: Any) -> bytes:
    """Encode any value; what has no JSON form becomes its `repr`."""
    try:
        return orjson.dumps(value, default=jsonable, option=_OPTIONS)
    except TypeError:
        # integers beyond 64 bits, lone surrogates and odd keys: the slow encoder takes all of them
        return json.dumps(_plain(value), default=jsonable, separators=(",", ":")).encode()


def jsonable(value: Any) -> Any:
    """Return a simpler stand-in for a value that JSON does not know."""
    dump = getattr(value, "model_dump", None)
    if callable(dump) and not isinstance(value, type):
        return dump()
    if isinstance(value, BaseException):
        return {"error": type(value).__name__, "message": str(value)}
    if isinstance(value, Set | tuple):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal | PurePath):
        return str(value)
    as_dict = getattr(value, "_asdict", None) or getattr(value, "dict", None)
    if callable(as_dict) and not isinstance(value, type):
        return as_dict()
    return repr(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return _plain(orjson.loads(dumps(value)))


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
