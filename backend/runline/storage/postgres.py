"""PostgreSQL, which several processes may share. Transactions are READ COMMITTED, and take turns by `take_turn`.

Several write side by side, so one may fail only because of another: on a deadlock, or a row that the other has just
put or taken away. It is done again from its start, as is one that met a connection that was lost. A commit whose
answer was lost is not: nobody knows what became of it. A connection that gives no answer at all is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import QueuePool

from runline.errors import Invalid, Unavailable
from runline.kit.clock import ToldClock
from runline.kit.postgres import cut, described, dial
from runline.storage.engine import Database, carried_through, take_turn
from runline.storage.migrating import current_revision, migrate
from runline.storage.postgres_trips import Trips

T = TypeVar("T")

_TRIES = 4
_SERIALIZATION, _DEADLOCK, _UNIQUE, _FOREIGN_KEY = "40001", "40P01", "23505", "23503"
_BY_ANOTHER = {_SERIALIZATION, _DEADLOCK, _UNIQUE, _FOREIGN_KEY}


@dataclass(frozen=True, slots=True)
class PostgresOptions:
    """Where the database is, as libpq reads it, and how many connections write and read at most.

    A transaction that takes longer than `stuck_seconds` is taken for lost, and its connection is cut.
    """

    conninfo: str
    busy_timeout_seconds: float = 5.0
    writers: int = 8
    readers: int = 4
    stuck_seconds: float = 30.0


@dataclass(slots=True)
class _Call:
    """Something that is done in a thread, and the connection that it waits for now."""

    connection: psycopg.Connection | None = None

    @contextmanager
    def on(self, connection: Connection) -> Iterator[Connection]:
        """Meanwhile it waits for this one."""
        self.connection = connection.connection.driver_connection
        try:
            yield connection
        finally:
            self.connection = None

    def give_up(self) -> None:
        """Let the thread wait no more."""
        if self.connection is not None:
            cut(self.connection)


class PostgresDatabase(Database):
    """Connections that write side by side, and others that read. The clock is the server's."""

    def __init__(self, writer: Engine, reader: Engine, options: PostgresOptions) -> None:
        told = ToldClock()
        super().__init__(told, writers=options.writers, readers=options.readers)
        self._writer = writer
        self._reader = reader
        self._stuck_seconds = options.stuck_seconds
        Trips(writer, told)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """See the base class."""
        call = _Call()
        return await self._watched(self._writing, call, lambda: _persistently(lambda: self._transact(work, call)))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """See the base class."""
        call = _Call()
        return await self._watched(self._reading, call, lambda: _persistently(lambda: self._look(work, call)))

    async def _watched(self, executor: ThreadPoolExecutor, call: _Call, doing: Callable[[], T]) -> T:
        timer = asyncio.get_running_loop().call_later(self._stuck_seconds, call.give_up)
        try:
            return await carried_through(executor, doing)
        finally:
            timer.cancel()

    def _write(self, work: Callable[[Connection], T]) -> T:
        return _persistently(lambda: self._transact(work, _Call()))

    def _transact(self, work: Callable[[Connection], T], call: _Call) -> T:
        with self._writer.connect() as opened, call.on(opened) as connection, connection.begin() as transaction:
            result = work(connection)
            with _uncertain():
                connection.exec_driver_sql("COMMIT")
            # which is all the driver has to know
            transaction.commit()
            return result

    def _read(self, work: Callable[[Connection], T]) -> T:
        return _persistently(lambda: self._look(work, _Call()))

    def _look(self, work: Callable[[Connection], T], call: _Call) -> T:
        with self._reader.connect() as opened, call.on(opened) as connection:
            return work(connection)


def _persistently(call: Callable[[], T]) -> T:
    """Call until it does not fail because of another, but not for ever."""
    with translated():
        for _ in range(_TRIES - 1):
            try:
                return call()
            except DBAPIError as exc:
                if not (exc.connection_invalidated or getattr(exc.orig, "sqlstate", None) in _BY_ANOTHER):
                    raise
        return call()


@contextmanager
def _uncertain() -> Iterator[None]:
    """For a commit: what is refused may be done again, and what met a lost connection may not."""
    try:
        yield
    except DBAPIError as exc:
        if not exc.connection_invalidated:
            raise
        raise Unavailable(f"The database cannot serve this now: {described(exc.orig)}.") from exc


@contextmanager
def translated() -> Iterator[None]:
    """Errors of the driver as those of stores."""
    try:
        yield
    except (OperationalError, InterfaceError) as exc:
        raise Unavailable(f"The database cannot serve this now: {described(exc.orig)}.") from exc
    except DataError as exc:
        raise Invalid(f"The database cannot store or find this: {described(exc.orig)}.") from exc


@asynccontextmanager
async def open_postgres(options: PostgresOptions) -> AsyncIterator[Database]:
    """Open the database, creating or migrating its tables, one process at a time. Raises Unavailable."""
    writer, reader = _engine(options, options.writers), _engine(options, options.readers)
    try:
        database = PostgresDatabase(writer, reader, options)
        try:
            # however long that takes
            await asyncio.to_thread(database._write, _migrate_in_turn)
            yield database
        finally:
            database.close()
    finally:
        reader.dispose()
        writer.dispose()


def postgres_revision(options: PostgresOptions) -> str | None:
    """The revision that the tables are at; None if there are none. Raises Unavailable."""
    engine = _engine(options, 1)
    try:
        with translated(), engine.connect() as connection:
            return current_revision(connection)
    finally:
        engine.dispose()


def _migrate_in_turn(connection: Connection) -> None:
    # however long another process takes, or this one between two statements
    for setting in ("lock_timeout", "idle_in_transaction_session_timeout"):
        connection.exec_driver_sql(f"SET LOCAL {setting} = 0")
    take_turn(connection, "migrations")
    migrate(connection)


def _engine(options: PostgresOptions, connections: int) -> Engine:
    """Transactions are begun by SQL alone (autocommit mode)."""

    def connect() -> psycopg.Connection:
        return dial(options.conninfo, options.busy_timeout_seconds)

    return create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        # one that was just used has its statements prepared, and its server process awake
        pool_use_lifo=True,
        use_native_hstore=False,
    )
