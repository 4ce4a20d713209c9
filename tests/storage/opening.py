"""Databases of either kind, opened by what says where they are."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from runline.storage.engine import Database
from runline.storage.postgres import PostgresOptions, open_postgres
from runline.storage.sqlite import SqliteOptions, open_sqlite

Options = SqliteOptions | PostgresOptions


def address_of(options: Options) -> str:
    """Where it is, in one text for another process."""
    return str(options.file) if isinstance(options, SqliteOptions) else options.conninfo


def options_at(address: str) -> Options:
    """The way back."""
    return SqliteOptions(Path(address)) if address.startswith("/") else PostgresOptions(address)


def open_either(options: Options) -> AbstractAsyncContextManager[Database]:
    """Open it as the gateway does."""
    return open_sqlite(options) if isinstance(options, SqliteOptions) else open_postgres(options)
