"""One database in PostgreSQL for many tests: emptied after each, which is quicker than making another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from kit.postgres import Server

Opener = Callable[[str], AbstractAsyncContextManager[Any]]

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename !~ '(migrations|alembic_version)$'"


@dataclass
class Emptied:
    """A database that has the tables that `opened` makes, and no rows; another one when it is `spoilt`."""

    server: Server
    opened: Opener
    spoilt: bool = True
    _conninfo: str = ""
    _stack: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Its address, and nothing in it."""
        if self.spoilt:
            self.close()
            self._conninfo, self.spoilt = self._stack.enter_context(self.server.database()), False
            asyncio.run(_open_and_close(self.opened(self._conninfo)))
        yield self._conninfo
        if not self.spoilt:
            self._empty()

    def _empty(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            tables = [Identifier(name) for (name,) in connection.execute(_TABLES)]
            connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in tables))

    def close(self) -> None:
        """Drop it."""
        self._stack.close()


async def _open_and_close(opened: AbstractAsyncContextManager[Any]) -> None:
    async with opened:
        pass


@contextmanager
def emptied(server: Server, opened: Opener) -> Iterator[Emptied]:
    """Such a database, dropped in the end."""
    database = Emptied(server, opened)
    try:
        yield database
    finally:
        database.close()
