"""The embedded database: one SQLite file, owned by one process.

SQLite has one writer at a time, so writes share one connection and begin with BEGIN IMMEDIATE: a transaction
that has begun cannot fail on a lock half-way. Reads use connections of their own (WAL) and never wait for it.
"""

from __future__ import annotations

import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from runline.errors import ConfigError, Unavailable
from runline.kit.clock import SystemClock
from runline.kit.json import JSONDecodeError, loads
from runline.storage.engine import Database
from runline.storage.migrating import current_revision, make, migrate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """Where the file is and how it is used. `synchronous` is SQLite's pragma: NORMAL or FULL."""

    file: Path
    synchronous: str = "NORMAL"
    busy_timeout_seconds: float = 5.0
    readers: int = 4


class SqliteDatabase(Database):
    """One connection that writes, taken in turns, and others that read and never wait for it."""

    def __init__(self, writer: Connection, reader: Engine, readers: int) -> None:
        super().__init__(SystemClock(), writers=1, readers=readers)
        self._writer = writer
        self._reader = reader

    def _write(self, work: Callable[[Connection], T]) -> T:
        with _translated(), self._writer.begin():
            return work(self._writer)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with _translated(), self._reader.connect() as connection:
            return work(connection)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as exc:
        raise Unavailable(f"The database cannot serve this now: {exc.orig}.") from exc


@asynccontextmanager
async def open_sqlite(options: SqliteOptions) -> AsyncIterator[Database]:
    """Open the SQLite file, creating or migrating its tables; the caller holds the data folder's lock."""
    writer, reader = _engine(options, 1), _engine(options, options.readers)
    event.listen(writer, "begin", _begin_immediate)
    try:
        with writer.connect() as connection:
            database = SqliteDatabase(connection, reader, options.readers)
            try:
                await database.write(_prepare)
                yield database
            finally:
                database.close()
    finally:
        reader.dispose()
        writer.dispose()


def _prepare(connection: Connection) -> None:
    # a new file needs nothing of alembic, which would stay in memory (9 MB) for as long as the process lives
    if current_revision(connection) is None:
        make(connection)
    else:
        migrate(connection)


def sqlite_revision(options: SqliteOptions) -> str | None:
    """The revision that the file's tables are at; None if there is no file. Raises Unavailable."""
    if not options.file.exists():
        return None
    engine = _engine(options, 1)
    try:
        with _translated(), engine.connect() as connection:
            return current_revision(connection)
    finally:
        engine.dispose()


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the folder for this process: SQLite and in-memory streams cannot be shared by several gateways."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock_file = (data_dir / "lock").open("w")
    except OSError as exc:
        raise ConfigError(f"The data folder {data_dir} cannot be used: {exc.strerror}.") from exc
    with lock_file:
        try:
            fcntl.flock(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise ConfigError(
                f"The data folder {data_dir} is in use by another gateway: stop it, or pass another --data-dir. "
                "Several share a database in PostgreSQL ('database.uri') with Redis ('redis.uri')."
            ) from exc
        yield


def _engine(options: SqliteOptions, connections: int) -> Engine:
    """Transactions are begun by SQL alone (autocommit mode); connections go from thread to thread."""
    engine = create_engine(
        f"sqlite:///{options.file}",
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_reset_on_return=None,
        connect_args={"isolation_level": None, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def on_connect(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.create_function("json_contains", 2, _json_contains, deterministic=True)
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {options.synchronous}",
            f"busy_timeout = {int(options.busy_timeout_seconds * 1000)}",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _json_contains(document: str | None, pattern: str) -> bool:
    try:
        return document is not None and contains(loads(document), loads(pattern))
    except JSONDecodeError:
        # a row that cannot be read is not found; an exception here would fail the search for all others
        return False


def contains(document: Any, pattern: Any) -> bool:
    """PostgreSQL's `@>` over decoded JSON."""
    if isinstance(pattern, dict):
        return isinstance(document, dict) and all(
            key in document and contains(document[key], value) for key, value in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(document, list) and all(
            any(contains(item, wanted) for item in document) for wanted in pattern
        )
    # JSON's true is not 1, Python's is
    return isinstance(document, bool) == isinstance(pattern, bool) and bool(document == pattern)
