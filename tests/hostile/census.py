"""How many rows of everything a gateway holds, counted beside it while it serves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from kept import CHECKPOINT_TABLES, Kept

_TABLES = (
    "assistants",
    "assistant_versions",
    "threads",
    "runs",
    "segments",
    "idempotency_keys",
    "crons",
    "webhook_deliveries",
    "run_events",
    "usage_entries",
    "feedback",
    *CHECKPOINT_TABLES,
    "store",
)

Census = Mapping[str, int]


class Counter:
    """Reads the tables of a gateway without taking part in what it does."""

    def __init__(self, kept: Kept, connections: Mapping[str, Any]) -> None:
        self._kept = kept
        self._connections = connections

    def count(self) -> Census:
        """Rows of each table now."""
        return {
            table: connection.execute(f"SELECT count(*) FROM {self._kept.name(table)}").fetchone()[0]
            for table, connection in self._connections.items()
        }


@contextmanager
def counting(kept: Kept) -> Iterator[Counter]:
    """A counter over what a gateway keeps."""
    with ExitStack() as stack:
        yield Counter(kept, {table: stack.enter_context(kept.opened(table)) for table in _TABLES})


def integrity(data_dir: Path) -> list[str]:
    """What SQLite finds wrong with the files; `ok` for each that is sound."""
    findings = []
    for file in sorted(data_dir.glob("*.db")):
        with closing(sqlite3.connect(file)) as connection:
            findings += [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return findings
