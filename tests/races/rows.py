"""What stands in the tables of a gateway, read beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kept import CHECKPOINT_TABLES, Kept

_TABLES = ("threads", "runs", "segments", *CHECKPOINT_TABLES)


def counts(kept: Kept) -> dict[str, int]:
    """How many rows each table has."""
    return {table: kept.count(table) for table in _TABLES}


def checkpoints_of(kept: Kept, thread_id: str) -> dict[str, list[Any]]:
    """Every row of a thread in the tables of checkpoints, to the last byte."""
    return {table: kept.rows(table, thread_id=thread_id) for table in CHECKPOINT_TABLES}


def owners(kept: Kept) -> set[str]:
    """The runs that have written any row in the tables of checkpoints."""
    return {run_id for table in CHECKPOINT_TABLES for (run_id,) in kept.rows(table, "run_id")} - {None}


def runs_of(kept: Kept, thread_id: str) -> dict[str, tuple[str, str | None]]:
    """The runs of a thread: id -> status, and the stop that was asked for."""
    rows = kept.rows("runs", "run_id, status, stop_requested", thread_id=thread_id)
    return {str(UUID(str(run_id))): (status, stop) for run_id, status, stop in rows}
