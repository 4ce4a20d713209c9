"""Rows as they are read: one that does not hold what its columns say breaks itself alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row

from runline.errors import Unreadable
from runline.storage.columns import Undecodable

T = TypeVar("T")

log = structlog.get_logger()


def readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> list[T]:
    """The rows that can be read; the others are left out and named in the log."""
    return list(_readable(rows, from_row))


def first_readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> T | None:
    """The first row that can be read; no more than need be are fetched."""
    return next(_readable(rows, from_row), None)


def _readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> Iterator[T]:
    for row in rows:
        try:
            yield from_row(row)
        except Unreadable as exc:
            log.warning("a row is left out", reason=str(exc))


def sound(noun: str, row: Row[Any], build: Callable[[Row[Any]], T]) -> T:
    """Build the object of a row. Raises Unreadable if a value is not what its column holds."""
    try:
        if not any(isinstance(value, Undecodable) for value in row):
            return build(row)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise Unreadable(noun, row[0]) from exc
    raise Unreadable(noun, row[0])
