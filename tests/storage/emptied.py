"""One database in PostgreSQL for many tests: emptied after each, which is quicker than making another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from kit.postgres import Server
from runline.storage.tables import metadata


@dataclass
class Emptied:
    """A copy of the template, which has tables and no rows; another one when it is `spoilt`."""

    server: Server
    template: str
    spoilt: bool = True
    _conninfo: str = ""
    _stack: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Its address, and nothing in it."""
        if self.spoilt:
            self.close()
            name = str(conninfo_to_dict(self.template)["dbname"])
            self._conninfo, self.spoilt = self._stack.enter_context(self.server.database(name)), False
        yield self._conninfo
        if not self.spoilt:
            self._empty()

    def _empty(self) -> None:
        tables = [Identifier(table.name) for table in reversed(metadata.sorted_tables)]
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(SQL("; ").join(SQL("DELETE FROM {}").format(table) for table in tables))

    def close(self) -> None:
        """Drop it."""
        self._stack.close()
