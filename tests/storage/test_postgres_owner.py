"""Who may use a database in PostgreSQL: one process, or those that share it."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kit.leaks import nothing_leaks
from kit.postgres import Server
from kit.proxy import standing_before
from kit.waiting import wait_until
from runline.errors import ConfigError
from runline.storage.postgres import PostgresOptions
from runline.storage.postgres_owner import own_postgres

REFUSED = "is in use by another gateway: stop it first, or set the same 'redis.uri'"
SOON = 0.01

_HELD = (
    "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.fixture
def options(postgres: Server) -> Iterator[PostgresOptions]:
    with postgres.database() as uri:
        yield PostgresOptions(uri, busy_timeout_seconds=15)


def own(
    options: PostgresOptions, lost: Callable[[], None] = lambda: None, *, shared: bool = False
) -> AbstractAsyncContextManager[None]:
    return own_postgres(options, lost, shared=shared, keep_seconds=SOON)


def cut(options: PostgresOptions) -> None:
    """As the server does when it restarts."""
    with psycopg.connect(options.conninfo, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


async def is_refused(options: PostgresOptions, *, shared: bool) -> bool:
    """Whether it is so at once; what has just been left may be taken yet, until the server has heard of that."""
    try:
        async with own(replace(options, busy_timeout_seconds=0.1), shared=shared):
            return False
    except ConfigError as exc:
        return REFUSED in str(exc)


async def test_a_database_has_one_owner_or_several_that_share_it(options: PostgresOptions) -> None:
    async with nothing_leaks():
        async with own(options):
            assert [await is_refused(options, shared=shared) for shared in (False, True)] == [True, True]
        async with own(options, shared=True), own(options, shared=True):
            assert await is_refused(options, shared=False)
        async with own(options):
            pass


@pytest.mark.parametrize("shared", [False, True])
async def test_what_the_server_has_forgotten_is_taken_again(options: PostgresOptions, shared: bool) -> None:
    async with own(options, shared=shared):
        await asyncio.to_thread(cut, options)
        async with asyncio.timeout(10):
            while not await is_refused(options, shared=False):
                pass


async def test_who_finds_it_taken_by_another_is_told(options: PostgresOptions) -> None:
    lost: list[bool] = []
    async with own(options, lambda: lost.append(True)):
        with closing(psycopg.connect(options.conninfo, autocommit=True)) as other:
            waiting = asyncio.create_task(
                asyncio.to_thread(other.execute, "SELECT pg_advisory_lock(hashtextextended('gateway', 2))")
            )
            await asyncio.to_thread(until_one_waits, options)
            await asyncio.to_thread(cut, options)
            await waiting
            await wait_until(lambda: lost)


def until_one_waits(options: PostgresOptions) -> None:
    with psycopg.connect(options.conninfo, autocommit=True) as operator:
        while not operator.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone():
            pass


async def test_who_has_left_does_not_take_it_again_when_the_way_is_back(postgres: Server) -> None:
    """It looked after its hold at that moment, in a thread that nobody can stop."""
    clock = asyncio.get_running_loop().time
    with postgres.database() as conninfo:
        where = conninfo_to_dict(conninfo)
        async with standing_before(Path(str(where["host"])) / ".s.PGSQL.5432") as proxy:
            there = make_conninfo(conninfo, host="127.0.0.1", port=proxy.port, sslmode="disable")
            async with own(PostgresOptions(there)):
                proxy.pause()
                until = clock() + 20 * SOON
                await wait_until(lambda: clock() > until)
            proxy.resume()
            await asyncio.get_running_loop().shutdown_default_executor()
            gc.collect()
            with psycopg.connect(conninfo, autocommit=True) as operator:
                # the server hears of a connection's end a moment later
                await wait_until(lambda: not operator.execute(_HELD).fetchone())
