"""The database connection, and every place where one SQL dialect differs from another.

SQLite has one writer at a time, so writes share one connection and begin with BEGIN IMMEDIATE: a transaction
that has begun cannot fail on a lock half-way. Reads use connections of their own (WAL) and never wait for it.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Boolean, ColumnElement, Connection, Insert, Table, event, func, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from runline.errors import ConfigError, Unavailable
from runline.kit.json import JSONDecodeError, dumps, loads
from runline.kit.sqlite import connect


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """Where the file is and how it is used. `synchronous` is SQLite's pragma: NORMAL or FULL."""

    file: Path
    synchronous: str = "NORMAL"
    busy_timeout_seconds: float = 5.0
    readers: int = 4


class Database:
    """One connection that writes, taken in turns, and others that read and never wait for it."""

    def __init__(self, writer: AsyncConnection, reader: AsyncEngine) -> None:
        self._writer = writer
        self._turn = asyncio.Lock()
        self._reader = reader

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed on a normal exit, rolled back on any exception.

        Raises Unavailable when the database stays locked longer than the busy timeout or its disk is full.
        """
        with _translated():
            async with self._turn, self._writer.begin():
                yield self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for SELECTs, each of which sees the newest committed rows."""
        with _translated():
            async with self._reader.connect() as connection:
                yield connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as exc:
        raise Unavailable(f"The database cannot serve this now: {exc.orig}.") from exc
    except PoolTimeout as exc:
        raise Unavailable("The database is too busy to serve this now.") from exc


@asynccontextmanager
async def open_database(options: SqliteOptions) -> AsyncIterator[Database]:
    """Open the SQLite file, creating or migrating its tables; the caller holds the data folder's lock."""
    url = f"sqlite+aiosqlite:///{options.file}"
    shared: dict[str, Any] = {"async_creator": lambda *_arguments, **_options: connect(options.file)}
    writer = create_async_engine(url, pool_size=1, max_overflow=0, **shared)
    reader = create_async_engine(url, pool_size=options.readers, pool_reset_on_return=None, **shared)
    for engine in (writer, reader):
        _configure(engine, options)
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    try:
        async with writer.begin() as connection:
            await connection.run_sync(migrate)
        async with writer.connect() as connection:
            yield Database(connection, reader)
    finally:
        await reader.dispose()
        await writer.dispose()


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest revision, inside the caller's transaction."""
    config = AlembicConfig(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    command.upgrade(config, "head")


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
                f"The data folder {data_dir} is in use by another gateway: stop it, or pass another --data-dir."
            ) from exc
        yield


def _configure(engine: AsyncEngine, options: SqliteOptions) -> None:
    @event.listens_for(engine.sync_engine, "connect")
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


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def insert_new(table: Table) -> Insert:
    """An INSERT that leaves rows alone whose primary key is there already."""
    return insert(table).prefix_with("OR IGNORE", dialect="sqlite")


def json_contains(column: ColumnElement[Any], pattern: Any) -> ColumnElement[bool]:
    """`column @> pattern`: every key, element and scalar of the pattern is somewhere in the document."""
    return func.json_contains(column, dumps(pattern).decode(), type_=Boolean)


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
