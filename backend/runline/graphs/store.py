"""langgraph's SQLite store as the gateway and its graphs share it.

Each call is one transaction in one crossing to the connection's thread. langgraph's own gathers the calls of all
callers into one batch, in which an odd one fails the others, and embeds while it holds the lock.

Divergence 26: items are found the most recently changed first, and keep the time of their creation when they are put
again. The official development server finds them in the order of their creation, which it resets.
Divergence 28: an item that has expired is gone from that moment; sweeping only frees its space. The official
development server keeps it.
Divergence 29: what an item was is no longer found by meaning once it is put again with `index: false`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

from langgraph.store.base import (
    BaseStore,
    GetOp,
    ListNamespacesOp,
    Op,
    PutOp,
    SearchOp,
    TTLConfig,
    validate_op_namespace,
)
from langgraph.store.sqlite.aio import AsyncSqliteStore

from runline.graphs import items
from runline.graphs.items import Row, Vectors
from runline.graphs.nearness import add_nearness
from runline.graphs.reach import within_reach
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import StoreSpec
from runline.kit.clock import Clock
from runline.kit.sqlite import OneHopConnection, connect
from runline.model.item_filter import check_filter

T = TypeVar("T")

_SWEPT_AT_ONCE = 1000


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
async def open_store(
    file: Path,
    clock: Clock,
    spec: StoreSpec,
    index: StoreIndex | None,
    *,
    synchronous: str,
    busy_timeout_seconds: float,
) -> AsyncIterator[RunlineStore]:
    """Open the store's file, creating its tables; `synchronous` is SQLite's pragma."""
    async with connect(file, _StoreConnection) as first, connect(file, _StoreConnection) as second:
        connections = Connections(cast(OneHopConnection, first), cast(OneHopConnection, second))
        for connection in connections:
            await connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_seconds * 1000)}")
            await connection.execute("PRAGMA journal_mode = WAL")
            await connection.execute(f"PRAGMA synchronous = {synchronous}")
            # an item's vectors go with it
            await connection.execute("PRAGMA foreign_keys = ON")
        store = RunlineStore(connections, clock, spec, index)
        await store.setup()
        yield store


class RunlineStore(AsyncSqliteStore):
    """AsyncSqliteStore over the statements of `items.py`."""

    conn: OneHopConnection
    supports_ttl = True

    def __init__(self, connections: Connections, clock: Clock, spec: StoreSpec, index: StoreIndex | None) -> None:
        ttl: TTLConfig = {"refresh_on_read": spec.refresh_on_read, "default_ttl": spec.default_ttl_minutes}
        super().__init__(connections.main, ttl=ttl)
        self.connections = connections
        self._clock = clock
        self._index = index
        # the base class gathers calls in a task; here each goes by itself
        if self._task:
            self._task.cancel()

    aget = BaseStore.aget
    asearch = BaseStore.asearch
    aput = BaseStore.aput
    adelete = BaseStore.adelete
    alist_namespaces = BaseStore.alist_namespaces

    async def setup(self) -> None:
        """Create the tables of the base class, those for vectors in any case: an index may come and go."""
        await super().setup()
        await self.conn.run(lambda connection: connection.executescript("".join(self.VECTOR_MIGRATIONS)))
        if self._index:
            for connection in self.connections:
                await connection.run(add_nearness)

    async def abatch(self, ops: Iterable[Op]) -> list[Any]:
        """Do these one after the other in one transaction; see the base class.

        Raises BadRequest or Invalid (odd filter), Unavailable (file locked, disk full, embedding failed), Unreadable.
        """
        wanted = list(ops)
        for op in wanted:
            validate_op_namespace(op)
            if isinstance(op, SearchOp) and op.filter:
                check_filter(op.filter)
        vectors = [await self._vectors(op) for op in wanted]
        now = self._clock.now()

        def work(connection: sqlite3.Connection) -> list[Any]:
            return [_do(connection, now, op, given) for op, given in zip(wanted, vectors, strict=True)]

        answers = await self._run(wanted, work)
        await self._renew(now, wanted, answers)
        return [_result(op, answer) for op, answer in zip(wanted, answers, strict=True)]

    async def _run(self, ops: Sequence[Op], work: Callable[[sqlite3.Connection], list[Any]]) -> list[Any]:
        if any(isinstance(op, PutOp) for op in ops):
            return await self.conn.run_transaction(work)
        searches = all(isinstance(op, SearchOp | ListNamespacesOp) for op in ops)
        return await (self.connections.searching if searches else self.conn).run(work)

    async def _vectors(self, op: Op) -> Vectors | bytes | None:
        if self._index and isinstance(op, PutOp):
            return await self._index.of_item(op)
        if self._index and isinstance(op, SearchOp) and op.query:
            return await self._index.of_query(op.query)
        return None

    async def _renew(self, now: datetime, ops: Sequence[Op], answers: Sequence[Any]) -> None:
        read = [
            row
            for op, answer in zip(ops, answers, strict=True)
            if isinstance(op, GetOp | SearchOp) and op.refresh_ttl and answer
            for row in (answer if isinstance(op, SearchOp) else [answer])
            if row.ttl_minutes is not None
        ]
        if read:
            await self.conn.run_transaction(lambda connection: items.renew(connection, now, read))

    async def sweep_ttl(self) -> int:
        """Delete what has expired, and say how many items that were."""
        now = self._clock.now()
        swept = 0
        while count := await self.conn.run_transaction(lambda connection: items.sweep(connection, now, _SWEPT_AT_ONCE)):
            swept += count
        return swept


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


def _result(op: Op, answer: Any) -> Any:
    if isinstance(op, SearchOp):
        return items.readable(answer)
    return answer.item() if isinstance(answer, Row) else answer
