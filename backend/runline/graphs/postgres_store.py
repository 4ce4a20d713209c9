"""The store in the PostgreSQL database that the processes share. Searching by meaning needs its extension pgvector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from langgraph.store.base import GetOp, ListNamespacesOp, Op, PutOp, SearchOp
from psycopg import errors

from runline.errors import ConfigError, Invalid
from runline.graphs import postgres_items as items
from runline.graphs.items import Row, Vectors
from runline.graphs.postgres_items import Cursor
from runline.graphs.postgres_pool import Pool, patiently
from runline.graphs.postgres_tables import make_tables
from runline.graphs.store import SWEPT_AT_ONCE, RunlineStore
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import StoreSpec
from runline.kit.clock import Clock
from runline.kit.postgres import described

T = TypeVar("T")

_MOST_DIMS = 16_000
"""The longest vector that pgvector keeps."""


@asynccontextmanager
async def open_postgres_store(
    pool: Pool, clock: Clock, spec: StoreSpec, index: StoreIndex | None
) -> AsyncIterator[PostgresStore]:
    """The store on these connections, its tables made by one process at a time. Raises ConfigError (index)."""
    store = PostgresStore(pool, clock, spec, index)
    await store.setup()
    yield store


class PostgresStore(RunlineStore):
    """Over the statements of `postgres_items.py`."""

    def __init__(self, pool: Pool, clock: Clock, spec: StoreSpec, index: StoreIndex | None) -> None:
        super().__init__(clock, spec, index)
        self._pool = pool
        self._has_vectors = False

    async def setup(self) -> None:
        """Create the tables, those for vectors if there is an index now."""
        async with self._pool.alone(), self._pool.cursor("The store") as cursor:
            await make_tables(cursor, "items", items.TABLES)
            if self._index:
                await _make_vector_tables(cursor, self._index.spec.dims)
            self._has_vectors = await items.has_vectors(cursor)

    async def _do(self, now: datetime, ops: Sequence[tuple[Op, Vectors | bytes | None]]) -> list[Any]:
        async def work(cursor: Cursor) -> list[Any]:
            return [await self._answer(cursor, now, op, given) for op, given in ops]

        return await self._run(work, whole=any(isinstance(op, PutOp) for op, _ in ops))

    async def _answer(self, cursor: Cursor, now: datetime, op: Op, given: Any) -> Any:
        match op:
            case GetOp():
                return await items.find(cursor, now, op)
            case SearchOp():
                return await items.search(cursor, now, op, given)
            case PutOp():
                return await items.put(cursor, now, op, given or (), indexed=self._has_vectors)
            case ListNamespacesOp():
                return await items.namespaces(cursor, now, op)

    async def _live_on(self, now: datetime, rows: Sequence[Row]) -> None:
        await self._run(lambda cursor: items.renew(cursor, now, rows), whole=True)

    async def sweep_ttl(self) -> int:
        """See the base class."""
        now = self._clock.now()
        swept = 0
        while count := await self._run(lambda cursor: items.sweep(cursor, now, SWEPT_AT_ONCE), whole=False):
            swept += count
        return swept

    async def _run(self, work: Callable[[Cursor], Awaitable[T]], *, whole: bool) -> T:
        async def attempt() -> T:
            async with self._pool.cursor("The store") as cursor:
                if not whole:
                    return await work(cursor)
                async with cursor.connection.transaction():
                    return await work(cursor)

        try:
            return await patiently(attempt)
        except psycopg.DataError as exc:
            raise Invalid(f"The store cannot keep or find this: {described(exc)}.") from exc


async def _make_vector_tables(cursor: Cursor, dims: int) -> None:
    if dims > _MOST_DIMS:
        raise ConfigError(f"'store.index.dims' is {dims}; in PostgreSQL it can be {_MOST_DIMS} at most.")
    try:
        await make_tables(cursor, "vectors", items.VECTOR_TABLES)
    except (errors.FeatureNotSupported, errors.UndefinedFile, errors.InsufficientPrivilege) as exc:
        raise ConfigError(
            "'store.index' needs PostgreSQL's extension pgvector, which cannot be made here: "
            f"{described(exc)}. Install it (CREATE EXTENSION vector), or remove 'store.index' from langgraph.json."
        ) from exc
