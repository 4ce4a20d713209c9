"""What a viewer may see of the threads and runs that a log, a ledger or feedback is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, select

from runline.errors import Conflict, RunNotFound, ThreadNotFound
from runline.model.viewer import Viewer
from runline.storage.tables import run_events, runs, threads

_THREAD: Select[Any] = select(threads.c.thread_id).where(
    threads.c.thread_id == bindparam("thread"), threads.c.owner == bindparam("viewer"), threads.c.hidden == 0
)
_RUN: Select[Any] = (
    select(threads.c.hidden, runs.c.run_id, runs.c.ended_at)
    .outerjoin_from(threads, runs, and_(runs.c.thread_id == threads.c.thread_id, runs.c.run_id == bindparam("run")))
    .where(threads.c.thread_id == bindparam("thread"), threads.c.owner == bindparam("viewer"))
)
_TOLD: Select[Any] = (
    select(run_events.c.seq)
    .where(run_events.c.run_id == bindparam("run"), run_events.c.thread_id == bindparam("thread"))
    .limit(1)
)


class NoRunLog(Conflict):
    """A stateless run that keeps nothing: it has no log."""

    def __init__(self, run_id: object) -> None:
        super().__init__(f"Run {run_id} is stateless and keeps no log")


def require_thread(connection: Connection, viewer: Viewer, thread_id: str) -> None:
    """Raise ThreadNotFound unless it is a thread of the viewer."""
    if connection.execute(_THREAD, {"thread": thread_id, "viewer": viewer.identity}).one_or_none() is None:
        raise ThreadNotFound(thread_id)


def run_is_over(connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> bool:
    """Whether a run has ended, so that all of its log is there; also of one that was rolled back, whose log is left.

    Raises RunNotFound, NoRunLog.
    """
    wanted = {"thread": thread_id, "run": run_id, "viewer": viewer.identity}
    row = connection.execute(_RUN, wanted).one_or_none()
    if row is not None and row.run_id is not None:
        if row.hidden:
            raise NoRunLog(run_id)
        return row.ended_at is not None
    if row is None or row.hidden or connection.execute(_TOLD, wanted).one_or_none() is None:
        raise RunNotFound(run_id)
    return True
