"""What runs save, as rows of langgraph's tables. Those of several saves are made by one statement.

Rule: what comes of them is what would come of one statement for each row, in the order in which they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from runline.graphs.checkpoints import Token
from runline.graphs.postgres_columns import Blobs, Texts
from runline.graphs.postgres_statements import SAVED
from runline.graphs.task_writes import TaskWrites

Row = tuple[Any, ...]
"""The values of a row's columns, in the order of SAVED: texts, or bytes; JSON is encoded."""

_COLUMNS = {table: tuple(Blobs if name == "blob" else Texts for name in names) for table, names in SAVED.items()}


@dataclass(frozen=True, slots=True)
class Rows:
    """At most one row for each primary key, as a statement cannot change a row twice."""

    checkpoints: dict[Row, Row] = field(default_factory=dict)
    blobs: dict[Row, Row] = field(default_factory=dict)
    writes: dict[Row, Row] = field(default_factory=dict)

    @classmethod
    def of_checkpoint(cls, checkpoint: Row, blobs: Iterable[Row]) -> Rows:
        """A checkpoint, and the values of its channels that have changed."""
        texts = [(*blob[:3], str(blob[3]), *blob[4:]) for blob in blobs]
        return cls({checkpoint[:3]: checkpoint}, {blob[:4]: blob for blob in texts})

    @classmethod
    def of_writes(cls, written: TaskWrites) -> Rows:
        """What a task has written."""
        rows = cls()
        for thread_id, namespace, checkpoint_id, task_id, path, index, *value in written.rows:
            key = (thread_id, namespace, checkpoint_id, task_id, str(index))
            if written.replaces or key not in rows.writes:
                rows.writes[key] = (*key[:4], path, key[4], *value, str(written.replaces))
        return rows

    def add(self, others: Rows) -> None:
        """Let rows follow these: checkpoints and some writes take the place of what is there, others leave it."""
        self.checkpoints.update(others.checkpoints)
        for key, row in others.blobs.items():
            self.blobs.setdefault(key, row)
        for key, row in others.writes.items():
            if row[-1] == str(True) or key not in self.writes:
                self.writes[key] = row

    def values(self, tokens: Iterable[Token]) -> list[Texts | Blobs]:
        """What SAVE takes: the fences to look for, and these rows."""
        fences = [(run_id, str(attempt)) for run_id, attempt in tokens if run_id is not None and attempt is not None]
        tables = {"fences": fences, "checkpoints": self.checkpoints.values(), "blobs": self.blobs.values()}
        found = {**tables, "writes": self.writes.values()}
        return list(chain.from_iterable(_columns(table, rows) for table, rows in found.items()))


def merged(several: Iterable[Rows]) -> Rows:
    """Rows that follow one another."""
    rows = Rows()
    for more in several:
        rows.add(more)
    return rows


def _columns(table: str, rows: Iterable[Row]) -> Iterable[Texts | Blobs]:
    kinds = _COLUMNS[table]
    turned = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return (kind(column) for kind, column in zip(kinds, turned, strict=True))
