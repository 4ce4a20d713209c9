"""What a gateway keeps, read and changed beside it: in the files of its data folder, or in its database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from runline.databases import CHECKPOINT_FILE, DATABASE_FILE, STORE_FILE
from runline.storage.tables import metadata

CHECKPOINT_TABLES = ("checkpoints", "writes", "replaced_writes")

_ELSEWHERE = {**dict.fromkeys(CHECKPOINT_TABLES, CHECKPOINT_FILE), "store": STORE_FILE}
_IN_POSTGRES = {"writes": "checkpoint_writes", "store": "items"}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Kept:
    """`database`: where it is in PostgreSQL; without, everything is in the data folder.

    Tables go by their names in the files. `where` are columns and the values that they have, as texts.
    """

    data_dir: Path
    database: str | None = None

    def rows(self, table: str, columns: str = "*", **where: str) -> list[Row]:
        """These rows, in an order that they have of themselves."""
        with self.opened(table) as connection:
            condition, values = self._condition(table, where)
            found = connection.execute(f"SELECT {columns} FROM {self.name(table)}{condition}", values)
            return sorted(map(tuple, found), key=repr)

    def count(self, table: str, **where: str) -> int:
        """How many of these rows there are."""
        return int(self.rows(table, "count(*)", **where)[0][0])

    def change(self, table: str, column: str, value: str | bytes, **where: str) -> None:
        """Write a value into these rows, of which there must be some."""
        with self.opened(table, writable=True) as connection:
            condition, values = self._condition(table, where)
            statement = f"UPDATE {self.name(table)} SET {column} = {self._mark}{condition}"
            assert connection.execute(statement, (value, *values)).rowcount > 0

    @contextmanager
    def opened(self, table: str, *, writable: bool = False) -> Iterator[Any]:
        """A connection to where a table is."""
        if self.database:
            with psycopg.connect(self.database, autocommit=True) as connection:
                yield connection
            return
        file = self.data_dir / _ELSEWHERE.get(table, DATABASE_FILE)
        uri = f"file:{file}?mode={'rw' if writable else 'ro'}"
        with closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as other:
            yield other

    @contextmanager
    def locked(self, *tables: str) -> Iterator[None]:
        """Meanwhile nobody can write to these tables, or to the gateway's own if none is named; they can be read."""
        tables = tables or tuple(metadata.tables)
        with self.opened(tables[0], writable=True) as connection:
            if self.database:
                names = ", ".join(map(self.name, tables))
                connection.execute(f"BEGIN; LOCK TABLE {names} IN EXCLUSIVE MODE")
            else:
                connection.execute("BEGIN IMMEDIATE")
            yield
            connection.execute("ROLLBACK")

    def name(self, table: str) -> str:
        """What the table is called there."""
        return _IN_POSTGRES.get(table, table) if self.database else table

    @property
    def _mark(self) -> str:
        return "%s" if self.database else "?"

    def _condition(self, table: str, where: dict[str, str]) -> tuple[str, list[str]]:
        """SQLite keeps the ids of the gateway's own tables without their dashes."""
        bare = not self.database and table not in _ELSEWHERE
        values = [value.replace("-", "") if bare else value for value in where.values()]
        terms = " AND ".join(f"{column} = {self._mark}" for column in where)
        return (f" WHERE {terms}" if where else ""), values
