"""Databases of either kind, opened by what says where they are."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from runline.storage.engine import Database
from runline.storage.postgres import PostgresOptions, open_postgres
from runline.storage.sqlite import SqliteOptions, open_sqlite

Options = SqliteOptions | PostgresOptions


def open_either(options: Options) -> AbstractAsyncContextManager[Database]:
    """Open it as the gateway does."""
    return open_sqlite(options) if isinstance(options, SqliteOptions) else open_postgres(options)


def where_of(options: Options) -> str:
    """Where it is, for another process."""
    return str(options.file) if isinstance(options, SqliteOptions) else options.conninfo


def options_of(where: str) -> Options:
    """What says where it is: a file, or key=value pairs as libpq reads them."""
    return PostgresOptions(where) if "=" in where else SqliteOptions(Path(where))
