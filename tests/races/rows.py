"""What stands in the SQLite files of a gateway, read beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from runline.databases import CHECKPOINT_FILE, DATABASE_FILE

CHECKPOINT_TABLES = ("checkpoints", "writes", "replaced_writes")
_TABLES = {DATABASE_FILE: ("threads", "runs", "segments"), CHECKPOINT_FILE: CHECKPOINT_TABLES}


@contextmanager
def _reading(data_dir: Path, file: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{data_dir / file}?mode=ro", uri=True, timeout=10)) as connection:
        yield connection


def counts(data_dir: Path) -> dict[str, int]:
    """How many rows each table has."""
    found = {}
    for file, tables in _TABLES.items():
        with _reading(data_dir, file) as connection:
            for table in tables:
                found[table] = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return found


def checkpoints_of(data_dir: Path, thread_id: str) -> dict[str, list[Any]]:
    """Every row of a thread in the tables of checkpoints, to the last byte."""
    with _reading(data_dir, CHECKPOINT_FILE) as connection:
        return {
            table: connection.execute(
                f"SELECT * FROM {table} WHERE thread_id = ? ORDER BY 1, 2, 3, 4, 5, 6", (thread_id,)
            ).fetchall()
            for table in CHECKPOINT_TABLES
        }


def owners(data_dir: Path) -> set[str]:
    """The runs that have written any row in the tables of checkpoints."""
    with _reading(data_dir, CHECKPOINT_FILE) as connection:
        found = {row[0] for table in CHECKPOINT_TABLES for row in connection.execute(f"SELECT run_id FROM {table}")}
    return found - {None}


def runs_of(data_dir: Path, thread_id: str) -> dict[str, tuple[str, str | None]]:
    """The runs of a thread: id -> status, and the stop that was asked for."""
    with _reading(data_dir, DATABASE_FILE) as connection:
        query = "SELECT run_id, status, stop_requested FROM runs WHERE thread_id = ?"
        rows = connection.execute(query, (UUID(thread_id).hex,)).fetchall()
    return {str(UUID(run_id)): (status, stop) for run_id, status, stop in rows}
