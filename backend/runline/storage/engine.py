"""The database connection, and every place where one SQL dialect differs from another.

SQLite has one writer at a time, so writes share one connection and begin with BEGIN IMMEDIATE: a transaction
that has begun cannot fail on a lock half-way. Reads use connections of their own (WAL) and never wait for it.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Engine,
    Insert,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    literal_column,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from runline.errors import ConfigError, Unavailable
from runline.kit.json import JSONDecodeError, dumps, loads

T = TypeVar("T")
P = ParamSpec("P")


_MIGRATIONS = Path(__file__).parent / "migrations"


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """Where the file is and how it is used. `synchronous` is SQLite's pragma: NORMAL or FULL."""

    file: Path
    synchronous: str = "NORMAL"
    busy_timeout_seconds: float = 5.0
    readers: int = 4


class Database:
    """One connection that writes, taken in turns, and others that read and never wait for it.

    What is to be done is a plain function of a connection, called in a thread: a whole transaction costs one crossing
    to that thread and back, however many statements it has, and no cancelled caller can cut it in half.
    """

    def __init__(self, writer: Connection, reader: Engine, threads: int) -> None:
        self._writer = writer
        self._reader = reader
        self._writing = ThreadPoolExecutor(1, "database-writer")
        self._reading = ThreadPoolExecutor(threads, "database-reader")

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction: committed when it returns, rolled back when it raises.

        Raises Unavailable when the database stays locked longer than the busy timeout or its disk is full.
        """
        return await _carried_through(self._writing, partial(self._write, work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Do `work`, SELECTs only, each of which sees the newest committed rows. Raises Unavailable."""
        return await _carried_through(self._reading, partial(self._read, work))

    def _write(self, work: Callable[[Connection], T]) -> T:
        with _translated(), self._writer.begin():
            return work(self._writer)

    def _read(self, work: Callable[[Connection], T]) -> T:
        with _translated(), self._reader.connect() as connection:
            return work(connection)

    def close(self) -> None:
        """Let what has begun come to its end."""
        for executor in (self._writing, self._reading):
            executor.shutdown()


async def _carried_through(executor: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    """The call's result from a thread. A cancelled caller takes a call back, or waits for its end if it has begun."""
    doing = executor.submit(call)
    done = asyncio.wrap_future(doing)
    try:
        return await asyncio.shield(done)
    except asyncio.CancelledError:
        if not doing.cancel():
            await asyncio.wait([done])
        raise


class _Store(Protocol):
    """What has methods that are transactions."""

    _database: Database


S = TypeVar("S", bound=_Store)


def writes(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a store's method one transaction; its caller passes no connection, and awaits it. See Database.write."""

    @wraps(method)
    async def in_transaction(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await store._database.write(lambda connection: method(store, connection, *args, **kwargs))

    return in_transaction


def reads(method: Callable[Concatenate[S, Connection, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a store's method a reading one; its caller passes no connection, and awaits it. See Database.read."""

    @wraps(method)
    async def beside_writers(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await store._database.read(lambda connection: method(store, connection, *args, **kwargs))

    return beside_writers


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as exc:
        raise Unavailable(f"The database cannot serve this now: {exc.orig}.") from exc


@asynccontextmanager
async def open_database(options: SqliteOptions) -> AsyncIterator[Database]:
    """Open the SQLite file, creating or migrating its tables; the caller holds the data folder's lock."""
    writer, reader = _engine(options, 1), _engine(options, options.readers)
    event.listen(writer, "begin", _begin_immediate)
    try:
        with writer.connect() as connection:
            database = Database(connection, reader, options.readers)
            try:
                await database.write(migrate)
                yield database
            finally:
                database.close()
    finally:
        reader.dispose()
        writer.dispose()


def migrate(connection: Connection) -> None:
    """Bring the tables to the newest revision, inside the caller's transaction."""
    newest = max(file.stem.partition("_")[0] for file in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    if _revision(connection) == newest:
        return
    # alembic takes 10 MB and a fifth of a start, and most starts have nothing to migrate
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_MIGRATIONS))
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    return found


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


def insert_new(table: Table) -> Insert:
    """An INSERT that leaves rows alone whose primary key is there already."""
    return insert(table).prefix_with("OR IGNORE", dialect="sqlite")


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The value of a text column that is never NULL, out of reach of the indexes on it.

    SQLite has no statistics on fresh tables, and would take an index on the owner where an id leads to a few rows.
    """
    return func.coalesce(column, literal_column("''"))


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
