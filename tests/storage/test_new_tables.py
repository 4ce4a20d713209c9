"""A new file in SQLite gets its tables at once: those that the migrations would make."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from runline.storage.sqlite import SqliteOptions, open_sqlite
from runline.storage.tables import metadata
from storage.test_migrating import migrate_to

Shape = dict[str, Any]


@pytest.fixture
def migrated(tmp_path: Path) -> Path:
    migrate_to(tmp_path / "migrated.db", "head")
    return tmp_path / "migrated.db"


@pytest.fixture
async def new(tmp_path: Path) -> Path:
    async with open_sqlite(SqliteOptions(tmp_path / "new.db")):
        return tmp_path / "new.db"


def shape_of(file: Path) -> Shape:
    """All that is in it, by name; the order of columns is of no account."""
    with closing(sqlite3.connect(file)) as opened:
        return dict(_shapes(opened))


def _shapes(opened: sqlite3.Connection) -> Iterator[tuple[str, Any]]:
    for kind, name, table, sql in opened.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall():
        yield f"{kind} {name}", (table, _condition(sql) if kind == "index" else None)
        if kind == "table":
            (how,) = opened.execute("SELECT ncol, wr, strict FROM pragma_table_list WHERE name = ?", [name])
            columns = sorted(
                opened.execute('SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_xinfo(?)', [name])
            )
            keys = sorted(
                opened.execute('SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)', [name])
            )
            yield name, (how, columns, keys)
        elif kind == "index":
            yield (
                name,
                opened.execute("SELECT seqno, name, desc FROM pragma_index_xinfo(?) WHERE key", [name]).fetchall(),
            )


def _condition(sql: str | None) -> tuple[bool, str]:
    """Of an index: whether it is unique, and which rows it has."""
    text = " ".join((sql or "").split())
    return text.startswith("CREATE UNIQUE"), text.partition(" WHERE ")[2]


def test_a_new_file_has_what_the_migrations_make(new: Path, migrated: Path) -> None:
    made = shape_of(new)
    assert {name: made.get(name) for name in shape_of(migrated)} == shape_of(migrated)
    assert set(made) == set(shape_of(migrated))


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX ix_runs_ready; CREATE INDEX ix_runs_ready ON runs (due_at, created_at, graph_id)",
        "ALTER TABLE threads ADD COLUMN extra TEXT",
        "CREATE TRIGGER more AFTER DELETE ON runs BEGIN SELECT 1; END",
    ],
)
def test_the_comparison_would_see_a_difference(change: str, new: Path) -> None:
    before = shape_of(new)
    with closing(sqlite3.connect(new)) as opened:
        opened.executescript(change)
    assert shape_of(new) != before


def test_the_migrated_tables_are_those_of_the_metadata(migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
    engine.dispose()


def test_a_new_file_is_at_the_newest_revision(new: Path, migrated: Path) -> None:
    (at,) = _revisions(migrated)
    assert _revisions(new) == [at]


def _revisions(file: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute("SELECT version_num FROM alembic_version").fetchall()
