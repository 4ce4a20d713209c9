"""aiosqlite with one thread hop per statement.

An aiosqlite cursor crosses to its thread and back for opening, executing, fetching and closing. Here a statement is
executed and fetched in one crossing, and `run` does a whole transaction in one, which a cancelled caller cannot cut
in half.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


def connect(file: Path, kind: type[OneHopConnection] | None = None) -> OneHopConnection:
    """A connection to open with `await` or `async with`. Transactions are begun by SQL alone (autocommit mode)."""

    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(file, isolation_level=None, check_same_thread=False)

    connection = (kind or OneHopConnection)(open_file, iter_chunk_size=64)
    # a process that is told to stop must not wait for a connection that nobody closed
    connection._thread.daemon = True
    return connection


class OneHopConnection(aiosqlite.Connection):
    """An aiosqlite connection whose cursors fetch at once."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call `work` in the connection's thread, undisturbed by others."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]
        return result

    async def run_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Call `work` in a transaction: committed when it returns, rolled back when it raises."""

        def transact(connection: sqlite3.Connection) -> T:
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return await self.run(transact)

    def cursor(self) -> OneHopCursor:  # type: ignore[override]  # behaves alike, costs less
        """A cursor that is open already."""
        return OneHopCursor(self)

    def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> OneHopExecution:  # type: ignore[override]
        """Execute and fetch; to be awaited or entered, as in aiosqlite."""
        return OneHopExecution(self.cursor(), sql, parameters or ())

    async def commit(self) -> None:
        """End the transaction, if there is one."""
        if self.in_transaction:
            await super().commit()


class OneHopCursor:
    """The part of aiosqlite's cursor that langgraph's saver and store use."""

    def __init__(self, connection: OneHopConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.rowcount = -1

    async def __aenter__(self) -> OneHopCursor:
        return self

    async def __aexit__(self, *_failure: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> OneHopCursor:
        """Execute one statement and fetch its rows."""
        await self._connection.run(lambda connection: self._take(connection.execute(sql, tuple(parameters))))
        return self

    async def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> OneHopCursor:
        """Execute one statement for each row of parameters."""
        await self._connection.run(lambda connection: self._take(connection.executemany(sql, rows)))
        return self

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self._rows = cursor.fetchall() if cursor.description else []
        self.rowcount = cursor.rowcount
        cursor.close()

    async def fetchone(self) -> Any:
        """The next row, or None."""
        return self._rows.pop(0) if self._rows else None

    async def fetchall(self) -> list[Any]:
        """All rows that are left."""
        rows, self._rows = self._rows, []
        return rows

    async def __aiter__(self) -> AsyncIterator[Any]:
        for row in await self.fetchall():
            yield row

    async def close(self) -> None:
        """Forget the rows."""
        self._rows = []


class OneHopExecution:
    """A statement on its way: `await` it, or enter it for its cursor."""

    def __init__(self, cursor: OneHopCursor, sql: str, parameters: Iterable[Any]) -> None:
        self._cursor = cursor
        self._sql = sql
        self._parameters = parameters

    def __await__(self) -> Generator[Any, None, OneHopCursor]:
        return self._cursor.execute(self._sql, self._parameters).__await__()

    async def __aenter__(self) -> OneHopCursor:
        return await self

    async def __aexit__(self, *_failure: object) -> None:
        await self._cursor.close()
