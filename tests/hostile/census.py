"""How many rows of everything a gateway holds, counted in its files while it serves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

_TABLES = {
    "runline.db": (
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
    ),
    "checkpoints.db": ("checkpoints", "writes", "replaced_writes"),
    "store.db": ("store",),
}

Census = Mapping[str, int]


class Counter:
    """Reads the files of a data folder without taking part in what the gateway does."""

    def __init__(self, connections: Mapping[str, sqlite3.Connection]) -> None:
        self._connections = connections

    def count(self) -> Census:
        """Rows of each table now."""
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for name, connection in self._connections.items()
            for table in _TABLES[name]
        }


@contextmanager
def counting(data_dir: Path) -> Iterator[Counter]:
    """A counter over a gateway's data folder."""
    with ExitStack() as stack:
        opened = {name: sqlite3.connect(f"file:{data_dir / name}?mode=ro", uri=True) for name in _TABLES}
        for connection in opened.values():
            stack.enter_context(closing(connection))
        yield Counter(opened)


def integrity(data_dir: Path) -> list[str]:
    """What SQLite finds wrong with the files; `ok` for each that is sound."""
    findings = []
    for name in _TABLES:
        with closing(sqlite3.connect(data_dir / name)) as connection:
            findings += [row[0] for row in connection.execute("PRAGMA integrity_check")]
    return findings
