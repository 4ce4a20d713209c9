"""The connections to PostgreSQL that checkpoints and items share.

One is made when it is first needed and kept until it is lost; there is no task that looks after them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
import structlog
from psycopg import AsyncConnection, AsyncCursor, errors
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from runline.errors import Unavailable
from runline.kit.postgres import cut, described, manners

T = TypeVar("T")

_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.05, 1.0
_MIGRATION_POLL_SECONDS = 0.1
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 1)) AS taken"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 1))"

log = structlog.get_logger()


class Passing(Unavailable):
    """It failed because a connection was lost, or because of another transaction: the same may succeed at once."""


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """Where the database is, as libpq reads it, and how many connections there are at most.

    What takes longer than `stuck_seconds` is taken for lost, and its connection is cut.
    """

    conninfo: str
    connections: int = 8
    busy_timeout_seconds: float = 5.0
    stuck_seconds: float = 30.0


@asynccontextmanager
async def open_pool(options: PoolOptions) -> AsyncIterator[Pool]:
    """A pool without connections yet; all are closed in the end."""
    pool = Pool(options)
    try:
        yield pool
    finally:
        await pool.close()


class Pool:
    """Hands out connections in autocommit mode, each to one at a time."""

    def __init__(self, options: PoolOptions) -> None:
        self._options = options
        self._places = asyncio.Semaphore(options.connections)
        self._idle: list[AsyncConnection[DictRow]] = []
        self._is_migrating = False
        self._is_closed = False

    async def close(self) -> None:
        """Close the connections that nobody uses now, and the others when they come back."""
        self._is_closed = True
        await self.drop_idle()

    @asynccontextmanager
    async def cursor(self, what: str, *, whole: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """A cursor of rows as dicts. `whole`: all that is executed is one transaction, sent in one go, without answers.

        Raises Unavailable, with `what` as its subject, and Passing.
        """
        async with self._connection(what) as connection:
            if whole:
                async with connection.pipeline(), connection.cursor(binary=True) as cursor, _transaction(cursor):
                    yield cursor
            else:
                async with connection.cursor(binary=True) as cursor:
                    yield cursor

    @asynccontextmanager
    async def _connection(self, what: str) -> AsyncIterator[AsyncConnection[DictRow]]:
        async with self._place(what):
            connection = None
            try:
                connection = self._idle.pop() if self._idle else await self._dial()
                with self._watched(connection):
                    yield connection
            except (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout) as exc:
                kind = Passing if _is_passing(exc, connection) else Unavailable
                raise kind(f"{what} cannot be read or stored now: {described(exc)}.") from exc
            finally:
                if connection is not None:
                    await self._take_back(connection)

    @contextmanager
    def _watched(self, connection: AsyncConnection[DictRow]) -> Iterator[None]:
        """Cut the connection when it has been in use for too long; migrations take as long as they take."""
        if self._is_migrating:
            yield
            return
        timer = asyncio.get_running_loop().call_later(self._options.stuck_seconds, cut, connection)
        try:
            yield
        finally:
            timer.cancel()

    @asynccontextmanager
    async def _place(self, what: str) -> AsyncIterator[None]:
        if self._places.locked():
            await self._wait_for_place(what)
        else:
            await self._places.acquire()
        try:
            yield
        finally:
            self._places.release()

    async def _wait_for_place(self, what: str) -> None:
        try:
            async with asyncio.timeout(self._options.busy_timeout_seconds):
                await self._places.acquire()
        except TimeoutError as exc:
            raise Unavailable(f"{what} cannot be read or stored now: all connections are in use.") from exc

    async def _dial(self) -> AsyncConnection[DictRow]:
        connection = await AsyncConnection.connect(self._options.conninfo, autocommit=True, row_factory=dict_row)
        try:
            with self._watched(connection):
                await connection.execute(manners(self._options.busy_timeout_seconds).encode())
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _take_back(self, connection: AsyncConnection[DictRow]) -> None:
        if connection.broken:
            # what broke one has broken the others
            await self.drop_idle()
        if connection.info.transaction_status is TransactionStatus.IDLE and not self._is_closed:
            self._idle.append(connection)
        else:
            await connection.close()

    async def drop_idle(self) -> None:
        """Close the connections that nobody uses."""
        while self._idle:
            await self._idle.pop().close()

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Keep other processes from what is named so. Whoever waits holds no snapshot, on which an index would wait."""
        self._is_migrating = True
        async with self.cursor("The database") as cursor:
            while not await _took(cursor, name):  # noqa: ASYNC110 - another process rings no bell
                await asyncio.sleep(_MIGRATION_POLL_SECONDS)
            try:
                yield
            finally:
                self._is_migrating = False
                await cursor.execute(_UNLOCK, (name,))


@asynccontextmanager
async def _transaction(cursor: AsyncCursor[DictRow]) -> AsyncIterator[None]:
    """As the driver's, which would wait for an answer to its beginning. One left open ends with its connection."""
    await cursor.execute("BEGIN")
    try:
        yield
    except BaseException:
        await cursor.execute("ROLLBACK")
        raise
    await cursor.execute("COMMIT")


def _is_passing(error: psycopg.Error, connection: AsyncConnection[DictRow] | None) -> bool:
    by_another = isinstance(error, errors.DeadlockDetected | errors.SerializationFailure)
    return by_another or (connection is not None and connection.broken)


async def _took(cursor: AsyncCursor[DictRow], name: str) -> bool:
    row = await (await cursor.execute(_TRY_LOCK, (name,))).fetchone()
    return bool(row and row["taken"])


async def patiently(call: Callable[[], Awaitable[T]], seconds: float = 0.0) -> T:
    """Call once more where that may help at once, and for so many seconds where no connection can be had.

    What is called may be done twice: a commit whose answer was lost has perhaps been made.
    """
    clock = asyncio.get_running_loop().time
    pause, deadline, again = _FIRST_PAUSE_SECONDS, clock() + seconds, True
    while True:
        try:
            return await call()
        except Unavailable as exc:
            if again and isinstance(exc, Passing):
                again = False
                continue
            if clock() + pause > deadline:
                raise
            log.warning("waiting for the database", reason=str(exc), retry_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
