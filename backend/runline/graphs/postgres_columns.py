"""Columns of rows, each sent to PostgreSQL as one array: a statement takes any number of rows, and stays the same.

The driver takes arrays of anything, a value at a time; these are of texts and bytes only, and cost a sixth of that.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_TEXT, _TEXTS, _BYTEA, _BYTEAS = 25, 1009, 17, 1001
_HEAD = struct.Struct("!5i")
_LENGTH = struct.Struct("!i")
_NULL = _LENGTH.pack(-1)


class Texts(tuple[str | bytes | None, ...]):
    """A column of texts; bytes are one in UTF-8."""

    __slots__ = ()


class Blobs(tuple[bytes | None, ...]):
    """A column of bytes."""

    __slots__ = ()


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = _TEXTS

    def dump(self, obj: Texts) -> bytes:
        return _array(_TEXT, [value.encode() if isinstance(value, str) else value for value in obj])


class _BlobsDumper(Dumper):
    format = Format.BINARY
    oid = _BYTEAS

    def dump(self, obj: Blobs) -> bytes:
        return _array(_BYTEA, obj)


def accept_columns(context: AdaptContext) -> None:
    """Let a connection's statements have them as values."""
    context.adapters.register_dumper(Texts, _TextsDumper)
    context.adapters.register_dumper(Blobs, _BlobsDumper)


def _array(element: int, values: Sequence[bytes | None]) -> bytes:
    """An array of one dimension, counted from 1, as PostgreSQL sends and receives it."""
    parts = [_HEAD.pack(1, int(None in values), element, len(values), 1)]
    for value in values:
        parts += (_NULL,) if value is None else (_LENGTH.pack(len(value)), value)
    return b"".join(parts)
