"""Filters of items: which values a filter takes. Observed on the platform, its errors aside.

A filter is an object. Each of its keys is a key of the value (not a path), and says what must stand there:

    {"n": 1}                    equal; null is also what is not there
    {"d": {"e": 5}}             an object with at least this in it, a list with these in their places
    {"n": {"$gt": 0, "$ne": 3}} all of: $eq, $ne, $gt, $gte, $lt, $lte

Divergence 27: numbers are ordered among numbers and texts among texts, and nothing else is greater or smaller.
Officially both sides are turned into numbers, and an item without the key is a 500.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from runline.errors import BadRequest, Invalid

_EQUAL: Mapping[str, Callable[[Any, Any], bool]] = {"$eq": operator.eq, "$ne": operator.ne}
_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def check_filter(wanted: Mapping[str, Any]) -> None:
    """Raise BadRequest for an operator that is unknown, Invalid for one that compares what has no order."""
    for condition in wanted.values():
        _check(condition)


def _check(condition: Any) -> None:
    if isinstance(condition, list):
        for part in condition:
            _check(part)
    elif isinstance(condition, Mapping):
        if _has_operators(condition):
            _check_operators(condition)
        else:
            check_filter(condition)


def _check_operators(condition: Mapping[str, Any]) -> None:
    for name, operand in condition.items():
        if name not in _EQUAL and name not in _ORDERED:
            raise BadRequest(f"Unsupported operator: {name}")
        if name in _ORDERED and not (_is_number(operand) or isinstance(operand, str)):
            raise Invalid(f"filter: {name} compares with a number or a text")


def matches(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Tell whether a value is what a checked filter wants."""
    return all(_holds(value.get(key), condition) for key, condition in wanted.items())


def _holds(part: Any, condition: Any) -> bool:
    if isinstance(condition, Mapping):
        if _has_operators(condition):
            return all(_compares(part, name, operand) for name, operand in condition.items())
        return isinstance(part, Mapping) and matches(part, condition)
    if isinstance(condition, list):
        return isinstance(part, list) and len(part) == len(condition) and all(map(_holds, part, condition))
    return bool(part == condition)


def _compares(part: Any, name: str, operand: Any) -> bool:
    if compare := _EQUAL.get(name):
        return compare(part, operand)
    same_kind = _is_number(part) if _is_number(operand) else isinstance(part, str)
    return same_kind and _ORDERED[name](part, operand)


def _has_operators(condition: Mapping[str, Any]) -> bool:
    return any(name.startswith("$") for name in condition)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
