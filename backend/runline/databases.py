"""Where everything is kept: three SQLite files in the data folder, or one database in PostgreSQL.

The drivers of PostgreSQL are imported by those alone who use it.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from runline.config import Settings
from runline.errors import ConfigError
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.sqlite_checkpoints import open_sqlite_saver
from runline.graphs.sqlite_store import open_sqlite_store
from runline.graphs.store import RunlineStore
from runline.graphs.store_index import StoreIndex
from runline.graphs.store_spec import StoreSpec
from runline.storage.engine import Database
from runline.storage.sqlite import SqliteOptions, lock_data_dir, open_sqlite, sqlite_revision

if TYPE_CHECKING:
    from runline.storage.postgres import PostgresOptions
    from runline.storage.postgres_spare import PostgresSpare

log = structlog.get_logger()

DATABASE_FILE = "runline.db"
CHECKPOINT_FILE = "checkpoints.db"
STORE_FILE = "store.db"


@dataclass(frozen=True, slots=True)
class Databases:
    """What the gateway keeps, what its graphs remember of a thread, and what they remember of all.

    `make_spare`: a connection that a thread opens in need, and the seconds it waits; for processes that share them.
    """

    database: Database
    saver: RunlineSaver
    store: RunlineStore
    make_spare: Callable[[float], PostgresSpare] | None = None


@asynccontextmanager
async def open_databases(settings: Settings, spec: StoreSpec, index: StoreIndex | None) -> AsyncIterator[Databases]:
    """Open them, for this process alone unless they are shared, with their tables as this version wants them.

    Raises ConfigError.
    """
    opened = _in_postgres if settings.database.uri else _in_files
    async with opened(settings, spec, index) as databases:
        yield databases


@asynccontextmanager
async def _in_files(settings: Settings, spec: StoreSpec, index: StoreIndex | None) -> AsyncIterator[Databases]:
    folder, wanted = settings.data_dir, settings.database
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_dir(folder))
        database = await stack.enter_async_context(open_sqlite(_sqlite_options(settings)))
        saver = await stack.enter_async_context(
            open_sqlite_saver(
                folder / CHECKPOINT_FILE,
                synchronous=wanted.synchronous,
                busy_timeout_seconds=wanted.busy_timeout_seconds,
            )
        )
        store = await stack.enter_async_context(
            open_sqlite_store(
                folder / STORE_FILE,
                database.clock,
                spec,
                index,
                synchronous=wanted.synchronous,
                busy_timeout_seconds=wanted.busy_timeout_seconds,
            )
        )
        yield Databases(database, saver, store)


@asynccontextmanager
async def _in_postgres(settings: Settings, spec: StoreSpec, index: StoreIndex | None) -> AsyncIterator[Databases]:
    from runline.graphs.checkpoint_time import CHECKPOINT_TIME
    from runline.graphs.postgres_checkpoints import open_postgres_saver
    from runline.graphs.postgres_pool import PoolOptions, open_pool
    from runline.graphs.postgres_store import open_postgres_store
    from runline.storage.postgres import open_postgres
    from runline.storage.postgres_owner import own_postgres
    from runline.storage.postgres_spare import PostgresSpare

    options, wanted = _postgres_options(settings), settings.database
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(own_postgres(options, _stop, shared=settings.is_shared))
        database = await stack.enter_async_context(open_postgres(options))
        stack.enter_context(CHECKPOINT_TIME.told_by(database.clock))
        pool_options = PoolOptions(options.conninfo, wanted.checkpointers, wanted.busy_timeout_seconds)
        pool = await stack.enter_async_context(open_pool(pool_options))
        saver = await stack.enter_async_context(open_postgres_saver(pool))
        store = await stack.enter_async_context(open_postgres_store(pool, database.clock, spec, index))
        yield Databases(database, saver, store, partial(PostgresSpare, options) if settings.is_shared else None)


def _stop() -> None:
    """Two gateways would take each other's runs for abandoned."""
    log.critical("another gateway has taken the database while it was out of reach: this one stops")
    signal.raise_signal(signal.SIGTERM)


def find_revision(settings: Settings) -> str | None:
    """The revision that the tables are at; None if there are none. Changes nothing. Raises ConfigError, Unavailable."""
    if settings.database.uri is None:
        return sqlite_revision(_sqlite_options(settings))
    from runline.storage.postgres import postgres_revision

    return postgres_revision(_postgres_options(settings))


def where_kept(settings: Settings) -> str:
    """Where it is, as it may be shown: without a password. Raises ConfigError."""
    if settings.database.uri is None:
        return str(settings.data_dir / DATABASE_FILE)
    from runline.kit.postgres import shown_address

    return shown_address(_postgres_options(settings).conninfo)


def _sqlite_options(settings: Settings) -> SqliteOptions:
    return SqliteOptions(
        file=settings.data_dir / DATABASE_FILE,
        synchronous=settings.database.synchronous,
        busy_timeout_seconds=settings.database.busy_timeout_seconds,
        readers=settings.database.readers,
    )


def _postgres_options(settings: Settings) -> PostgresOptions:
    from runline.kit.postgres import read_conninfo
    from runline.storage.postgres import PostgresOptions

    wanted = settings.database
    try:
        conninfo = read_conninfo(wanted.uri.get_secret_value() if wanted.uri else "")
    except ValueError as exc:
        raise ConfigError(f"Setting 'database.uri' is wrong: {exc}.") from exc
    return PostgresOptions(conninfo, wanted.busy_timeout_seconds, wanted.writers, wanted.readers)
