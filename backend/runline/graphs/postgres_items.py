"""The rows of the store in PostgreSQL: each function is one operation on a cursor, at one moment.

The tables are ours: langgraph's keep whole minutes alone, and have no place for the character NUL. Times are texts, as
in items.py. What is embedded is compared by pgvector, one by one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from langgraph.store.base import GetOp, ListNamespacesOp, PutOp, SearchOp
from psycopg import AsyncCursor
from psycopg.rows import DictRow, tuple_row

from runline.graphs.items import Row, Vectors, common, expiry, fitting, is_wanted, page, place_of, stamp
from runline.kit.json import dumps

# each of these is executed once in a database: what changes is put last (`postgres_tables.py`)
TABLES = (
    """
CREATE TABLE IF NOT EXISTS items (
    prefix TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, value TEXT NOT NULL,
    created_at TEXT COLLATE "C" NOT NULL, updated_at TEXT COLLATE "C" NOT NULL,
    expires_at TEXT COLLATE "C", ttl_minutes DOUBLE PRECISION,
    PRIMARY KEY (prefix, key)
)""",
    "CREATE INDEX IF NOT EXISTS ix_items_expires_at ON items (expires_at) WHERE expires_at IS NOT NULL",
)
VECTOR_TABLES = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """
CREATE TABLE IF NOT EXISTS item_vectors (
    prefix TEXT COLLATE "C" NOT NULL, key TEXT COLLATE "C" NOT NULL, field_name TEXT NOT NULL,
    embedding vector NOT NULL,
    PRIMARY KEY (prefix, key, field_name),
    FOREIGN KEY (prefix, key) REFERENCES items ON DELETE CASCADE
)""",
)

_COLUMNS = "s.prefix, s.key, s.value, s.created_at, s.updated_at, s.ttl_minutes"
_LIVES = "(s.expires_at IS NULL OR s.expires_at > %(now)s)"
# "/" is the character after "."
_INSIDE = (
    "(%(prefix)s = '' OR s.prefix = %(prefix)s OR (s.prefix > %(prefix)s || '.' AND s.prefix < %(prefix)s || '/'))"
)

_GET = f"SELECT {_COLUMNS}, NULL FROM items s WHERE s.prefix = %(prefix)s AND s.key = %(key)s AND {_LIVES}"
_PUT = """
INSERT INTO items AS s (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes)
VALUES (%(prefix)s, %(key)s, %(value)s, %(now)s, %(now)s, %(expires_at)s, %(ttl)s)
ON CONFLICT (prefix, key) DO UPDATE SET
    -- one that has expired is gone, swept or not
    created_at = CASE WHEN s.expires_at <= %(now)s THEN %(now)s ELSE s.created_at END,
    value = excluded.value, updated_at = %(now)s, expires_at = excluded.expires_at, ttl_minutes = excluded.ttl_minutes
"""
_DELETE = "DELETE FROM items WHERE prefix = %(prefix)s AND key = %(key)s"
_DELETE_VECTORS = "DELETE FROM item_vectors WHERE prefix = %(prefix)s AND key = %(key)s"
_PUT_VECTOR = "INSERT INTO item_vectors (prefix, key, field_name, embedding) VALUES (%s, %s, %s, %s::vector)"
_HAS_VECTORS = "SELECT to_regclass('item_vectors') IS NOT NULL AS has"
_RENEW = (
    "UPDATE items SET expires_at = %(expires_at)s WHERE prefix = %(prefix)s AND key = %(key)s"
    " AND ttl_minutes = %(ttl)s AND expires_at > %(now)s"
)
_SWEEP = (
    "DELETE FROM items WHERE (prefix, key) IN (SELECT prefix, key FROM items WHERE expires_at <= %(now)s"
    " LIMIT %(most)s FOR UPDATE SKIP LOCKED)"
)
_SEARCH = (
    f"SELECT {_COLUMNS}, NULL FROM items s WHERE {_INSIDE} AND {_LIVES}"
    " ORDER BY s.updated_at DESC, s.prefix, s.key LIMIT %(most)s"
)
# vectors of another length were made by an index that is no more; one without a direction is near to nothing
_NEARNESS = (
    "CASE WHEN vector_dims(v.embedding) = %(dims)s THEN nullif(1.0 - (v.embedding <=> %(vector)s::vector), 'NaN') END"
)
_SEARCH_BY_MEANING = (
    f"SELECT {_COLUMNS}, max({_NEARNESS}) AS score FROM items s"
    " LEFT JOIN item_vectors v ON v.prefix = s.prefix AND v.key = s.key"
    f" WHERE {_INSIDE} AND {_LIVES} GROUP BY s.prefix, s.key"
    " ORDER BY score DESC NULLS LAST, s.updated_at DESC, s.prefix, s.key LIMIT %(most)s"
)
_NAMESPACES = f"SELECT DISTINCT s.prefix FROM items s WHERE {_INSIDE} AND {_LIVES}"

Cursor = AsyncCursor[DictRow]


async def find(cursor: Cursor, now: datetime, op: GetOp) -> Row | None:
    """The row of an item, if there is one."""
    await cursor.execute(_GET, {**place_of(op), "now": stamp(now)})
    row = await cursor.fetchone()
    return Row(*row.values()) if row else None


async def put(cursor: Cursor, now: datetime, op: PutOp, vectors: Vectors, *, indexed: bool) -> None:
    """Keep an item in place of the one that was there, or delete that one if the value is None."""
    place = place_of(op)
    if op.value is None:
        await cursor.execute(_DELETE, place)
        return
    times = {"now": stamp(now), "expires_at": expiry(now, op.ttl), "ttl": op.ttl}
    await cursor.execute(_PUT, {**place, **times, "value": dumps(dict(op.value)).decode()})
    if indexed:
        await cursor.execute(_DELETE_VECTORS, place)
        await cursor.executemany(_PUT_VECTOR, [(*place.values(), path, _text(vector)) for path, vector in vectors])


async def search(cursor: Cursor, now: datetime, op: SearchOp, vector: bytes | None) -> list[Row]:
    """The newest rows in and below a namespace, or those nearest to a vector; those without vectors come last."""
    last = max(0, op.offset) + max(0, op.limit)
    asked: dict[str, Any] = {"prefix": ".".join(op.namespace_prefix), "now": stamp(now)}
    asked["most"] = None if op.filter else last
    if vector is not None:
        asked |= {"vector": _text(vector), "dims": len(array("f", vector))}
    found: list[Row] = []
    connection = cursor.connection
    # a cursor of the server's: what is behind the page is not fetched
    async with connection.transaction(), connection.cursor("found", row_factory=tuple_row) as rows:
        await rows.execute(_SEARCH if vector is None else _SEARCH_BY_MEANING, asked)
        async for values in rows:
            if len(found) >= last:
                break
            if is_wanted(row := Row._make(values), op):
                found.append(row)
    return list(page(found, op))


async def namespaces(cursor: Cursor, now: datetime, op: ListNamespacesOp) -> list[tuple[str, ...]]:
    """The namespaces that hold items, sorted; of those deeper than `max_depth`, their beginnings."""
    await cursor.execute(_NAMESPACES, {"prefix": common(op), "now": stamp(now)})
    return fitting([row["prefix"] for row in await cursor.fetchall()], op)


async def renew(cursor: Cursor, now: datetime, rows: Iterable[Row]) -> None:
    """Let items that were read live for another of their times, unless they have been put again meanwhile."""
    for row in sorted(rows, key=lambda row: (row.prefix, row.key)):
        times = {"now": stamp(now), "ttl": row.ttl_minutes, "expires_at": expiry(now, row.ttl_minutes)}
        await cursor.execute(_RENEW, {"prefix": row.prefix, "key": row.key, **times})


async def sweep(cursor: Cursor, now: datetime, most: int) -> int:
    """Delete at most this many of the items that have expired, and say how many there were."""
    return (await cursor.execute(_SWEEP, {"now": stamp(now), "most": most})).rowcount


async def has_vectors(cursor: Cursor) -> bool:
    """Whether anything was ever embedded here: an index may come and go."""
    row = await (await cursor.execute(_HAS_VECTORS)).fetchone()
    return bool(row and row["has"])


def _text(vector: bytes) -> str:
    numbers: Sequence[float] = array("f", vector)
    return f"[{','.join(map(repr, numbers))}]"
