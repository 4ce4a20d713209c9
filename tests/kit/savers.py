"""Savers to try things on, and all that they store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.postgres_checkpoints import PostgresSaver, open_postgres_saver
from runline.graphs.postgres_pool import PoolOptions, open_pool
from runline.graphs.sqlite_checkpoints import SqliteSaver

SaverOpener = Callable[[], AbstractAsyncContextManager[RunlineSaver]]

_IN_SQLITE = {name: name for name in ("checkpoints", "writes", "replaced_writes")}
_IN_POSTGRES = {**_IN_SQLITE, "writes": "checkpoint_writes", "blobs": "checkpoint_blobs"}


@asynccontextmanager
async def open_on_postgres(conninfo: str) -> AsyncIterator[PostgresSaver]:
    async with open_pool(PoolOptions(conninfo)) as pool, open_postgres_saver(pool) as saver:
        yield saver


async def query(saver: RunlineSaver, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a query in the saver's own database."""
    if isinstance(saver, PostgresSaver):
        async with saver.conn.cursor("The checkpoints") as cursor:
            return [tuple(row.values()) for row in await (await cursor.execute(sql)).fetchall()]
    assert isinstance(saver, SqliteSaver)
    return list(await (await saver.conn.execute(sql)).fetchall())


async def everything(saver: RunlineSaver) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, to the last byte."""
    tables = _IN_POSTGRES if isinstance(saver, PostgresSaver) else _IN_SQLITE
    return {
        name: await query(saver, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4, 5, 6") for name, table in tables.items()
    }
