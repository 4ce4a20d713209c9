"""OneHopConnection: an aiosqlite connection that costs less and behaves alike, and whose transactions are whole."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from kit.leaks import nothing_leaks
from runline.kit.sqlite import OneHopConnection, connect


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[OneHopConnection]:
    async with nothing_leaks(), connect(tmp_path / "test.db") as opened:
        connection = cast(OneHopConnection, opened)
        await connection.execute("CREATE TABLE notes (number INTEGER)")
        yield connection


async def numbers(connection: OneHopConnection) -> list[int]:
    cursor = await connection.execute("SELECT number FROM notes ORDER BY number")
    return [row[0] for row in await cursor.fetchall()]


def write(*values: int) -> list[tuple[int]]:
    return [(value,) for value in values]


async def test_rows_are_fetched_one_by_one_all_at_once_or_in_a_loop(connection: OneHopConnection) -> None:
    await connection.cursor().executemany("INSERT INTO notes VALUES (?)", write(1, 2, 3))
    async with connection.execute("SELECT number FROM notes ORDER BY number") as cursor:
        assert await cursor.fetchone() == (1,)
        assert await cursor.fetchall() == [(2,), (3,)]
        assert (await cursor.fetchone(), await cursor.fetchall()) == (None, [])
    cursor = await connection.execute("SELECT number FROM notes WHERE number > ? ORDER BY number", (1,))
    assert [row async for row in cursor] == [(2,), (3,)]


async def test_a_cursor_tells_how_many_rows_it_changed(connection: OneHopConnection) -> None:
    await connection.cursor().executemany("INSERT INTO notes VALUES (?)", write(1, 2, 3))
    assert (await connection.execute("UPDATE notes SET number = 9 WHERE number > 1")).rowcount == 2


async def test_a_statement_stands_by_itself_until_a_transaction_is_begun(connection: OneHopConnection) -> None:
    await connection.execute("INSERT INTO notes VALUES (1)")
    await connection.rollback()
    assert await numbers(connection) == [1]
    await connection.execute("BEGIN")
    await connection.execute("INSERT INTO notes VALUES (2)")
    await connection.rollback()
    assert await numbers(connection) == [1]


async def test_a_transaction_is_undone_by_an_exception(connection: OneHopConnection) -> None:
    def fail_half_way(raw: sqlite3.Connection) -> None:
        raw.execute("INSERT INTO notes VALUES (1)")
        raise KeyError("half")

    with pytest.raises(KeyError):
        await connection.run_transaction(fail_half_way)
    assert await numbers(connection) == []
    assert not connection.in_transaction


async def test_a_transaction_returns_what_its_work_returns(connection: OneHopConnection) -> None:
    assert await connection.run_transaction(lambda raw: raw.execute("INSERT INTO notes VALUES (1)").rowcount) == 1
    assert await numbers(connection) == [1]


async def test_a_wrong_statement_raises_and_the_connection_goes_on(connection: OneHopConnection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        await connection.execute("SELECT * FROM nowhere")
    assert await numbers(connection) == []


@pytest.mark.parametrize("turns", range(0, 30, 3))
async def test_a_cancelled_transaction_is_there_wholly_or_not_at_all(connection: OneHopConnection, turns: int) -> None:
    def work(raw: sqlite3.Connection) -> None:
        for number in range(200):
            raw.execute("INSERT INTO notes VALUES (?)", (number,))

    writing = asyncio.create_task(connection.run_transaction(work))
    for _ in range(turns):
        await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await numbers(connection) in ([], list(range(200)))
    await connection.run_transaction(lambda raw: raw.execute("DELETE FROM notes"))


async def test_many_transactions_at_once_do_not_meet(connection: OneHopConnection) -> None:
    def increment(raw: sqlite3.Connection) -> None:
        (highest,) = raw.execute("SELECT coalesce(max(number), 0) FROM notes").fetchone()
        raw.execute("INSERT INTO notes VALUES (?)", (highest + 1,))

    await asyncio.gather(*(connection.run_transaction(increment) for _ in range(50)))
    assert await numbers(connection) == list(range(1, 51))


async def test_what_is_written_is_seen_by_another_connection(connection: OneHopConnection, tmp_path: Path) -> None:
    await connection.execute("INSERT INTO notes VALUES (1)")
    async with connect(tmp_path / "test.db") as other:
        assert await numbers(cast(OneHopConnection, other)) == [1]
