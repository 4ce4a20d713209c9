"""langgraph's SQLite store as `store.py` wants it: each call is one crossing to the connection's thread."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from langgraph.store.base import GetOp, ListNamespacesOp, Op, PutOp, SearchOp
from langgraph.store.sqlite.aio import AsyncSqliteStore

from runline.graphs import items
from runline.graphs.items import Row, Vectors
from runline.graphs.nearness import add_nearness
from runline.graphs.reach import within_reach
from runline.graphs.store import SWEPT_AT_ONCE, RunlineStore
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import StoreSpec
from runline.kit.clock import Clock
from runline.kit.sqlite import OneHopConnection, connect

T = TypeVar("T")


class _StoreConnection(OneHopConnection):
    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """See the base class. Raises Unavailable."""
        with within_reach("The store"):
            return await super().run(work)


class Connections(NamedTuple):
    """Searches may take long, so they have a connection of their own and hold up nobody who puts or gets."""

    main: OneHopConnection
    searching: OneHopConnection


@asynccontextmanager
async def open_sqlite_store(
    file: Path,
    clock: Clock,
    spec: StoreSpec,
    index: StoreIndex | None,
    *,
    synchronous: str,
    busy_timeout_seconds: float,
) -> AsyncIterator[SqliteStore]:
    """Open the store's file, creating its tables; `synchronous` is SQLite's pragma."""
    async with connect(file, _StoreConnection) as first, connect(file, _StoreConnection) as second:
        connections = Connections(cast(OneHopConnection, first), cast(OneHopConnection, second))
        for connection in connections:
            await connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_seconds * 1000)}")
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute(f"PRAGMA synchronous = {synchronous}")
            # an item's vectors go with it
            await connection.execute("PRAGMA foreign_keys = ON")
        store = SqliteStore(connections, clock, spec, index)
        await store.setup()
        yield store


class SqliteStore(RunlineStore):
    """Over the statements of `items.py`, in langgraph's tables."""

    def __init__(self, connections: Connections, clock: Clock, spec: StoreSpec, index: StoreIndex | None) -> None:
        super().__init__(clock, spec, index)
        self.connections = connections

    @property
    def conn(self) -> OneHopConnection:
        """The connection that puts and gets."""
        return self.connections.main

    async def setup(self) -> None:
        """Create langgraph's tables, those for vectors in any case: an index may come and go."""
        await _make_tables(self.conn)
        if self._index:
            for connection in self.connections:
                await connection.run(add_nearness)

    async def _do(self, now: datetime, ops: Sequence[tuple[Op, Vectors | bytes | None]]) -> list[Any]:
        def work(connection: sqlite3.Connection) -> list[Any]:
            return [_do(connection, now, op, given) for op, given in ops]

        if any(isinstance(op, PutOp) for op, _ in ops):
            return await self.conn.run_transaction(work)
        searches = all(isinstance(op, SearchOp | ListNamespacesOp) for op, _ in ops)
        return await (self.connections.searching if searches else self.conn).run(work)

    async def _live_on(self, now: datetime, rows: Sequence[Row]) -> None:
        await self.conn.run_transaction(lambda connection: items.renew(connection, now, rows))

    async def sweep_ttl(self) -> int:
        """See the base class."""
        now = self._clock.now()
        swept = 0
        while count := await self.conn.run_transaction(lambda connection: items.sweep(connection, now, SWEPT_AT_ONCE)):
            swept += count
        return swept


async def _make_tables(connection: OneHopConnection) -> None:
    store = AsyncSqliteStore(connection)
    # it gathers calls in a task, of which there are none
    if store._task:
        store._task.cancel()
    await store.setup()
    await connection.run(lambda raw: raw.executescript("".join(store.VECTOR_MIGRATIONS)))


def _do(connection: sqlite3.Connection, now: datetime, op: Op, given: Any) -> Any:
    match op:
        case GetOp():
            return items.find(connection, now, op)
        case SearchOp():
            return items.search(connection, now, op, given)
        case PutOp():
            return items.put(connection, now, op, given or ())
        case ListNamespacesOp():
            return items.namespaces(connection, now, op)
