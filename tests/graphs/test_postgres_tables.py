"""A process that starts where others are at work: its tables are there, and it waits for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from kit.postgres import Server
from runline.graphs.postgres_checkpoints import open_postgres_saver
from runline.graphs.postgres_pool import PoolOptions, open_pool
from runline.graphs.postgres_statements import TABLES
from runline.graphs.postgres_store import open_postgres_store
from runline.graphs.store_spec import StoreSpec
from runline.kit.clock import SystemClock


@pytest.fixture
def conninfo(postgres: Server) -> Iterator[str]:
    with postgres.database() as conninfo:
        yield conninfo


async def start(conninfo: str) -> None:
    async with (
        open_pool(PoolOptions(conninfo)) as pool,
        open_postgres_saver(pool),
        open_postgres_store(pool, SystemClock(), StoreSpec(), None),
    ):
        pass


async def test_who_starts_does_not_wait_for_who_writes(conninfo: str) -> None:
    """Nor does who writes wait for who starts, as what waits for a lock is waited for."""
    await start(conninfo)
    async with await psycopg.AsyncConnection.connect(conninfo) as writer:
        for table in (*TABLES, "items"):
            await writer.execute(SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(Identifier(table)))
        await start(conninfo)


async def test_many_that_start_at_once_make_the_tables_once(conninfo: str) -> None:
    await asyncio.gather(*(start(conninfo) for _ in range(4)))


async def test_functions_are_as_the_version_has_them_that_started_last(conninfo: str) -> None:
    await start(conninfo)
    body = "SELECT prosrc FROM pg_proc WHERE proname IN ('check_fence', 'save_rows') ORDER BY proname"
    async with await psycopg.AsyncConnection.connect(conninfo) as other:
        ours = await (await other.execute(body)).fetchall()
        await other.execute(
            "CREATE OR REPLACE FUNCTION check_fence(run TEXT, token INTEGER) RETURNS void LANGUAGE plpgsql AS "
            "'BEGIN END'"
        )
        await other.commit()
        assert await (await other.execute(body)).fetchall() != ours
        await other.commit()
        await start(conninfo)
        assert await (await other.execute(body)).fetchall() == ours
