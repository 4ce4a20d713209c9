"""Runs that were removed before they began. Nothing else is left of them, and those who follow their thread wait for
their ends; such a row is kept for as long as stored events are. It outlives its thread, too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select

from runline.model.run import Run
from runline.storage.rows import readable, undone_run_from_row, undone_run_to_row
from runline.storage.tables import undone_runs

_INSERT = insert(undone_runs)
_OF_THREAD = (
    select(undone_runs)
    .where(
        undone_runs.c.thread_id == bindparam("key"),
        undone_runs.c.owner == bindparam("owner"),
        undone_runs.c.due_at >= bindparam("since"),
    )
    .order_by(undone_runs.c.due_at)
    .limit(bindparam("limit"))
)
_MOST = 100


def note_undone(connection: Connection, run: Run, now: datetime) -> None:
    """Keep the place of a run that is removed, unless it was not due yet: nobody has come to where that is."""
    if run.due_at > now:
        return
    connection.execute(_INSERT, undone_run_to_row(run, now))


def undone_behind(
    connection: Connection, owner: str, thread_id: str, since: datetime, limit: int = _MOST
) -> Sequence[Run]:
    """The first of a thread's runs that are gone so and were due at `since` or later."""
    wanted = {"key": thread_id, "owner": owner, "since": since, "limit": limit}
    return readable(connection.execute(_OF_THREAD, wanted), undone_run_from_row)


def newest_undone(thread_id: ColumnElement[Any]) -> ColumnElement[datetime]:
    """The last place that such a run of a thread had."""
    return select(func.max(undone_runs.c.due_at)).where(undone_runs.c.thread_id == thread_id).scalar_subquery()


def sweep_undone(connection: Connection, before: datetime) -> int:
    """Forget those that were removed before then; returns how many."""
    return connection.execute(delete(undone_runs).where(undone_runs.c.removed_at < before)).rowcount
