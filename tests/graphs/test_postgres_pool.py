"""The connections of savers and stores: lost ones, silent ones, and too few of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from kit.leaks import nothing_leaks
from kit.postgres import OwnServer, Server, serving_own, until_gone
from kit.proxy import standing_before
from kit.waiting import wait_until
from runline.errors import Unavailable
from runline.graphs.postgres_columns import Texts
from runline.graphs.postgres_pool import Passing, Pool, PoolOptions, open_pool, patiently


@pytest.fixture(scope="module")
def conninfo(postgres: Server) -> Iterator[str]:
    with postgres.database() as conninfo:
        yield conninfo


async def ask(pool: Pool) -> int:
    async with pool.cursor("The answer") as cursor:
        row = await (await cursor.execute("SELECT 42 AS it")).fetchone()
    assert row
    return int(row["it"])


async def test_a_connection_is_kept_for_the_next_one(conninfo: str) -> None:
    async with nothing_leaks(), open_pool(PoolOptions(conninfo)) as pool:
        assert [await ask(pool) for _ in range(3)] == [42] * 3
        assert len(pool._idle) == 1


async def test_one_that_is_in_use_as_the_pool_is_closed_is_closed_when_it_comes_back(conninfo: str) -> None:
    async with AsyncExitStack() as late, open_pool(PoolOptions(conninfo)) as pool:
        lent = await late.enter_async_context(pool.cursor("The answer"))
    assert lent.connection.closed


async def test_texts_are_in_utf8_whatever_else_is_wished(conninfo: str) -> None:
    wished = make_conninfo(conninfo, client_encoding="LATIN1")
    async with open_pool(PoolOptions(wished)) as pool, pool.cursor("The text") as cursor:
        row = await (await cursor.execute("SELECT %s AS it", [Texts(["Grüße", "日本"])])).fetchone()
    assert row == {"it": ["Grüße", "日本"]}


async def test_who_finds_none_free_is_told_so(conninfo: str) -> None:
    async with open_pool(PoolOptions(conninfo, connections=1, busy_timeout_seconds=0.05)) as pool:
        async with pool.cursor("The holder"):
            with pytest.raises(
                Unavailable, match=r"^The answer cannot be read or stored now: all connections are in use"
            ):
                await ask(pool)
        assert await ask(pool) == 42


async def test_one_that_was_cut_off_is_passing_and_another_serves(conninfo: str) -> None:
    async with nothing_leaks(), open_pool(PoolOptions(conninfo)) as pool:
        await ask(pool)
        pid = pool._idle[0].info.backend_pid
        with psycopg.connect(conninfo, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(Passing, match=r"^The answer cannot be read or stored now"):
            await ask(pool)
        assert await ask(pool) == 42


async def test_one_that_stood_still_in_a_transaction_is_passing_too(conninfo: str) -> None:
    """The server gave it up."""
    async with open_pool(PoolOptions(conninfo, busy_timeout_seconds=2)) as pool:

        async def stand_still() -> None:
            async with pool.cursor("The answer") as cursor:
                await cursor.execute("BEGIN")
                await asyncio.to_thread(until_gone, conninfo, cursor.connection.info.backend_pid)
                await cursor.execute("COMMIT")

        with pytest.raises(Passing, match=r"^The answer cannot be read or stored now"):
            await stand_still()
        assert await ask(pool) == 42


async def test_who_is_patient_does_not_notice(conninfo: str) -> None:
    async with open_pool(PoolOptions(conninfo)) as pool:
        await ask(pool)
        pid = pool._idle[0].info.backend_pid
        with psycopg.connect(conninfo, autocommit=True) as operator:
            operator.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        assert await patiently(lambda: ask(pool)) == 42


async def test_who_is_cancelled_leaves_no_connection_in_a_transaction(conninfo: str) -> None:
    async with nothing_leaks(), open_pool(PoolOptions(conninfo, connections=1)) as pool:

        async def sleep() -> None:
            async with pool.cursor("Sleep", whole=True) as cursor:
                await cursor.execute("SELECT pg_sleep(60)")

        sleeping = asyncio.create_task(sleep())
        await wait_until(pool._places.locked)
        sleeping.cancel()
        await asyncio.gather(sleeping, return_exceptions=True)
        assert await ask(pool) == 42


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with serving_own() as server:
        yield server


async def test_one_that_gives_no_answer_is_cut(own_server: OwnServer) -> None:
    async with nothing_leaks(), standing_before(own_server.socket) as proxy:
        there = make_conninfo(own_server.uri, host="127.0.0.1", port=proxy.port, connect_timeout=2, sslmode="disable")
        async with open_pool(PoolOptions(there, stuck_seconds=1.5)) as pool:
            await ask(pool)
            proxy.pause()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(ask(pool), 30)
            proxy.resume()
            assert await patiently(lambda: ask(pool), 30) == 42


async def test_who_waits_for_a_server_that_is_away_goes_on_when_it_is_back(own_server: OwnServer) -> None:
    async with nothing_leaks(), open_pool(PoolOptions(own_server.uri)) as pool:
        await ask(pool)
        await asyncio.to_thread(own_server.stop)
        with pytest.raises(Unavailable):
            await patiently(lambda: ask(pool))
        asking = asyncio.create_task(patiently(lambda: ask(pool), 60))
        await asyncio.to_thread(own_server.start)
        assert await asking == 42
