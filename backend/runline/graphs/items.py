"""The rows of langgraph's store: each function is one operation on a connection, at one moment.

The tables are those of langgraph's SQLite store, its statements are not: they put an item again as if it were new,
leave the vectors of what it was, cut searches by meaning short, and return what has expired until it is swept.
Times are ISO 8601 in UTC with microseconds, which sort as texts.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

import structlog
from langgraph.store.base import GetOp, ListNamespacesOp, PutOp, SearchItem, SearchOp

from runline.errors import Unreadable
from runline.kit.json import dumps, loads
from runline.model.item import fits
from runline.model.item_filter import matches

log = structlog.get_logger()

Vectors = Sequence[tuple[str, bytes]]
"""The embedded parts of an item: a path in its value, and 32-bit floats."""

_COLUMNS = "s.prefix, s.key, s.value, s.created_at, s.updated_at, s.ttl_minutes"
_LIVES = "(s.expires_at IS NULL OR s.expires_at > :now)"
# "/" is the character after "."; the index on `prefix` answers both halves
_INSIDE = "(s.prefix = :prefix OR (s.prefix > :prefix || '.' AND s.prefix < :prefix || '/'))"

_GET = f"SELECT {_COLUMNS}, NULL FROM store s WHERE s.prefix = :prefix AND s.key = :key AND {_LIVES}"
_PUT = """
INSERT INTO store (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes)
VALUES (:prefix, :key, :value, :now, :now, :expires_at, :ttl)
ON CONFLICT (prefix, key) DO UPDATE SET
    -- one that has expired is gone, swept or not
    created_at = CASE WHEN expires_at <= :now THEN :now ELSE created_at END,
    value = excluded.value, updated_at = :now, expires_at = excluded.expires_at, ttl_minutes = excluded.ttl_minutes
"""
_DELETE = "DELETE FROM store WHERE prefix = :prefix AND key = :key"
_DELETE_VECTORS = "DELETE FROM store_vectors WHERE prefix = :prefix AND key = :key"
_PUT_VECTOR = "INSERT INTO store_vectors (prefix, key, field_name, embedding) VALUES (?, ?, ?, ?)"
_RENEW = (
    "UPDATE store SET expires_at = :expires_at WHERE prefix = :prefix AND key = :key AND ttl_minutes = :ttl"
    " AND expires_at > :now"
)
_SWEEP = "DELETE FROM store WHERE rowid IN (SELECT rowid FROM store WHERE expires_at <= :now LIMIT :most)"
_SEARCH = (
    f"SELECT {_COLUMNS}, NULL FROM store s WHERE {_INSIDE} AND {_LIVES}"
    " ORDER BY s.updated_at DESC, s.prefix, s.key LIMIT :most"
)
_NEARNESS = "CASE WHEN v.embedding IS NOT NULL THEN 1.0 - vec_distance_cosine(v.embedding, :vector) END"
# vectors of another length were made by an index that is no more
_SEARCH_BY_MEANING = (
    f"SELECT {_COLUMNS}, max({_NEARNESS}) AS score FROM store s"
    " LEFT JOIN store_vectors v ON v.prefix = s.prefix AND v.key = s.key AND length(v.embedding) = length(:vector)"
    f" WHERE {_INSIDE} AND {_LIVES} GROUP BY s.prefix, s.key"
    " ORDER BY score IS NULL, score DESC, s.updated_at DESC, s.prefix, s.key LIMIT :most"
)
_NAMESPACES = f"SELECT DISTINCT s.prefix FROM store s WHERE {_INSIDE} AND {_LIVES}"


class Row(NamedTuple):
    """An item as it is stored; `score` says how near it is to what was searched by meaning."""

    prefix: str
    key: str
    value: str
    created_at: str
    updated_at: str
    ttl_minutes: float | None
    score: float | None

    def item(self) -> SearchItem:
        """Read it. Raises Unreadable."""
        try:
            created_at, updated_at = map(datetime.fromisoformat, (self.created_at, self.updated_at))
        except (TypeError, ValueError) as exc:
            raise Unreadable("Item", self.key) from exc
        return SearchItem(tuple(self.prefix.split(".")), self.key, self.read(), created_at, updated_at, self.score)

    def read(self) -> dict[str, Any]:
        """Read its value alone. Raises Unreadable."""
        try:
            value = loads(self.value)
        except ValueError as exc:
            raise Unreadable("Item", self.key) from exc
        if not isinstance(value, dict):
            raise Unreadable("Item", self.key)
        return value


def stamp(moment: datetime) -> str:
    """A moment as it is stored."""
    return moment.isoformat(timespec="microseconds")


def expiry(now: datetime, ttl_minutes: float | None) -> str | None:
    """When an item expires; a time beyond the calendar never comes."""
    try:
        return None if ttl_minutes is None else stamp(now + timedelta(minutes=ttl_minutes))
    except OverflowError:
        return None


def find(connection: sqlite3.Connection, now: datetime, op: GetOp) -> Row | None:
    """The row of an item, if there is one."""
    row = connection.execute(_GET, {**place_of(op), "now": stamp(now)}).fetchone()
    return Row(*row) if row else None


def put(connection: sqlite3.Connection, now: datetime, op: PutOp, vectors: Vectors) -> None:
    """Keep an item in place of the one that was there, or delete that one if the value is None."""
    place = place_of(op)
    if op.value is None:
        connection.execute(_DELETE, place)
        return
    times = {"now": stamp(now), "expires_at": expiry(now, op.ttl), "ttl": op.ttl}
    connection.execute(_PUT, {**place, **times, "value": dumps(dict(op.value)).decode()})
    connection.execute(_DELETE_VECTORS, place)
    connection.executemany(_PUT_VECTOR, [(*place.values(), path, vector) for path, vector in vectors])


def search(connection: sqlite3.Connection, now: datetime, op: SearchOp, vector: bytes | None) -> list[Row]:
    """The newest rows in and below a namespace, or those nearest to a vector; those without vectors come last."""
    most = -1 if op.filter else max(0, op.offset) + max(0, op.limit)
    asked = {"prefix": ".".join(op.namespace_prefix), "now": stamp(now), "most": most}
    if vector is None:
        rows: Iterable[Any] = connection.execute(_within(_SEARCH, asked), asked)
    else:
        rows = connection.execute(_within(_SEARCH_BY_MEANING, asked), {**asked, "vector": vector})
    return list(page((row for row in map(Row._make, rows) if is_wanted(row, op)), op))


def _within(statement: str, asked: Mapping[str, Any]) -> str:
    """The statement for a namespace, or for all of them."""
    return statement if asked["prefix"] else statement.replace(_INSIDE, "TRUE")


def is_wanted(row: Row, op: SearchOp) -> bool:
    """Whether an item passes the filter; one that cannot be read does not."""
    try:
        return not op.filter or matches(row.read(), op.filter)
    except Unreadable:
        return False


def page(entries: Iterable[Any], op: SearchOp | ListNamespacesOp) -> Iterator[Any]:
    """The entries that are asked for."""
    first = max(0, op.offset)
    return islice(entries, first, first + max(0, op.limit))


def namespaces(connection: sqlite3.Connection, now: datetime, op: ListNamespacesOp) -> list[tuple[str, ...]]:
    """The namespaces that hold items, sorted; of those deeper than `max_depth`, their beginnings."""
    asked = {"prefix": common(op), "now": stamp(now)}
    return fitting((prefix for (prefix,) in connection.execute(_within(_NAMESPACES, asked), asked)), op)


def fitting(prefixes: Iterable[str], op: ListNamespacesOp) -> list[tuple[str, ...]]:
    """The namespaces among these that are asked for, sorted and cut."""
    conditions = _conditions(op)
    found = {
        labels[: op.max_depth]
        for labels in (tuple(prefix.split(".")) for prefix in prefixes)
        if all(fits(labels, path, at_the_end=at_the_end) for path, at_the_end in conditions if path)
    }
    return list(page(sorted(found), op))


def common(op: ListNamespacesOp) -> str:
    """A namespace in which all that is asked for lies, as far as an index can tell."""
    paths = (path for path, at_the_end in _conditions(op) if not at_the_end and "*" not in path)
    return next((".".join(path) for path in paths), "")


def _conditions(op: ListNamespacesOp) -> list[tuple[tuple[str, ...], bool]]:
    return [(tuple(condition.path), condition.match_type == "suffix") for condition in op.match_conditions or ()]


def renew(connection: sqlite3.Connection, now: datetime, rows: Iterable[Row]) -> None:
    """Let items that were read live for another of their times, unless they have been put again meanwhile."""
    for row in rows:
        times = {"now": stamp(now), "ttl": row.ttl_minutes, "expires_at": expiry(now, row.ttl_minutes)}
        connection.execute(_RENEW, {"prefix": row.prefix, "key": row.key, **times})


def sweep(connection: sqlite3.Connection, now: datetime, most: int) -> int:
    """Delete at most this many of the items that have expired, and say how many there were."""
    return connection.execute(_SWEEP, {"now": stamp(now), "most": most}).rowcount


def readable(rows: Iterable[Row]) -> list[SearchItem]:
    """The items of rows; one that cannot be read is left out."""
    items = []
    for row in rows:
        try:
            items.append(row.item())
        except Unreadable as exc:
            log.warning("an item is left out of a search", namespace=row.prefix, reason=str(exc))
    return items


def place_of(op: GetOp | PutOp) -> dict[str, str]:
    """Where an item is, as it is stored."""
    return {"prefix": ".".join(op.namespace), "key": op.key}
