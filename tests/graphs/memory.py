"""Stores to test with: a clock that is moved by hand, and an embedding that counts colours."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.embeddings import Embeddings
from langgraph.store.base import SearchItem, ensure_embeddings

from runline.graphs.postgres_pool import PoolOptions, open_pool
from runline.graphs.postgres_store import PostgresStore, open_postgres_store
from runline.graphs.sqlite_store import SqliteStore, open_sqlite_store
from runline.graphs.store import RunlineStore
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import IndexSpec, StoreSpec

Shelf = Path | str
"""A file of SQLite's, or the address of a database in PostgreSQL."""

COLOURS = ("red", "green", "blue")


@dataclass
class HandClock:
    """A clock whose hands are moved by tests; it never tells a time twice."""

    time: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(microseconds=1)
        return self.time

    def pass_minutes(self, minutes: float) -> None:
        self.time += timedelta(minutes=minutes)


def count_colours(texts: list[str]) -> list[list[float]]:
    """How often each colour is named, and whether none is; fails where it is told to."""
    if "fail" in texts:
        raise ValueError("no vector for you")
    counts = [[float(text.split().count(colour)) for colour in COLOURS] for text in texts]
    return [[*count, float(not any(count))] for count in counts]


class Lengths(Embeddings):
    """An embedding that is an object: how long a text is, and always as many numbers as it is told."""

    def __init__(self, dims: int) -> None:
        self.dims = dims

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(len(text))] * self.dims for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def index_by(embed: Any = count_colours, *fields: str, dims: int = 4) -> StoreIndex:
    return StoreIndex(IndexSpec(dims, "colours:count", fields or ("text",)), ensure_embeddings(embed))


@asynccontextmanager
async def open_memory(
    shelf: Shelf, clock: HandClock, spec: StoreSpec | None = None, index: StoreIndex | None = None
) -> AsyncIterator[RunlineStore]:
    spec = spec or StoreSpec()
    if isinstance(shelf, Path):
        settings: dict[str, Any] = {"synchronous": "OFF", "busy_timeout_seconds": 0.05}
        async with open_sqlite_store(shelf, clock, spec, index, **settings) as in_file:
            yield in_file
    else:
        async with open_pool(PoolOptions(shelf)) as pool, open_postgres_store(pool, clock, spec, index) as in_postgres:
            yield in_postgres


async def execute(store: RunlineStore, sql: str) -> list[tuple[Any, ...]]:
    """Do what no store would: `{items}` and `{vectors}` stand for the tables."""
    if isinstance(store, PostgresStore):
        async with store._pool.cursor("The store") as cursor:
            await cursor.execute(sql.format(items="items", vectors="item_vectors"))
            return [tuple(row.values()) for row in await cursor.fetchall()] if cursor.description else []
    assert isinstance(store, SqliteStore)
    statement = sql.format(items="store", vectors="store_vectors")
    return await store.conn.run(lambda raw: raw.execute(statement).fetchall())


def keys(items: list[SearchItem]) -> list[str]:
    return [item.key for item in items]
