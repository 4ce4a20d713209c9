"""What the stream of a thread follows, in the scope of a Viewer: the thread's runs, in the order of their `due_at`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, literal_column, or_, select

from runline.errors import ThreadNotFound, Unreadable
from runline.model.run import Run
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads
from runline.storage.ordinals import next_ordinal
from runline.storage.rows import first_readable, run_from_row
from runline.storage.tables import has_ordinal, is_active, runs, threads
from runline.storage.undone_runs import undone_behind

_WAITING = (
    select(func.min(runs.c.due_at))
    .where(runs.c.thread_id == threads.c.thread_id, is_active(), runs.c.attempt == literal_column("0"))
    .scalar_subquery()
)
_THREAD: Select[Any] = select(
    threads.c.thread_id,
    threads.c.created_at,
    threads.c.state_updated_at,
    threads.c.held_until,
    _WAITING.label("waiting"),
).where(threads.c.thread_id == bindparam("key"), threads.c.owner == bindparam("owner"))
_OF_THREAD: Select[Any] = select(runs).where(runs.c.thread_id == bindparam("key"))
_BEGUN = _OF_THREAD.where(has_ordinal())
# one that ended before it began has a place too, for those who wait for it, unless it was not due yet
_TOLD = _OF_THREAD.where(or_(has_ordinal(), runs.c.due_at <= runs.c.ended_at))
_NEXT = _TOLD.where(runs.c.due_at >= bindparam("since")).order_by(runs.c.due_at, runs.c.run_id)
_NEWEST = _BEGUN.order_by(runs.c.due_at.desc(), runs.c.run_id.desc())
_STARTED = _BEGUN.where(runs.c.ordinal >= bindparam("least"))
_NEXT_ORDINAL = select(next_ordinal(bindparam("key", type_=runs.c.thread_id.type)))


@dataclass(frozen=True, slots=True)
class Outlook:
    """A thread as its followers see it, and one of its runs, if there is such a one.

    `held`: a state update or a deletion has the thread's slot now. `updated_at`: when its state last changed.
    `waiting`: the `due_at` of the first run that has yet to begin.
    """

    run: Run | None
    created_at: datetime
    updated_at: datetime
    held: bool
    waiting: datetime | None


class ThreadStreamStore:
    """Reads the `threads` and `runs` tables for those who follow a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def ahead(self, connection: Connection, viewer: Viewer, thread_id: str, since: datetime) -> Outlook:
        """The thread and the first of its runs that have begun, or ended or gone without, due at `since` or later.

        None that begins later is due before it. Raises ThreadNotFound, Unreadable.
        """
        thread = _thread(connection, viewer, thread_id)
        run = _first(connection, _NEXT, {"key": thread_id, "since": since})
        undone = undone_behind(connection, viewer.identity, thread_id, since, limit=1)
        return _outlook(thread, min(filter(None, (run, *undone)), key=lambda run: run.due_at, default=None))

    @reads
    def undone(self, connection: Connection, viewer: Viewer, thread_id: str, since: datetime) -> Sequence[Run]:
        """The runs of a thread, gone or not, that were removed before they began, due at `since` or later."""
        return undone_behind(connection, viewer.identity, thread_id, since)

    @reads
    def present(self, connection: Connection, viewer: Viewer, thread_id: str) -> Outlook:
        """The thread and the run of it that began last. Raises ThreadNotFound, Unreadable."""
        thread = _thread(connection, viewer, thread_id)
        return _outlook(thread, _first(connection, _NEWEST, {"key": thread_id}))

    @reads
    def started(self, connection: Connection, viewer: Viewer, thread_id: str, least: int = 0) -> Run | None:
        """The first run that started as the `least`-th of its thread or later; None if there is none.

        Raises ThreadNotFound, Unreadable.
        """
        _thread(connection, viewer, thread_id)
        return _first(connection, _STARTED.order_by(runs.c.ordinal), {"key": thread_id, "least": least})

    @reads
    def newest_started(self, connection: Connection, viewer: Viewer, thread_id: str) -> Run | None:
        """The run that started last; None if there is none. Raises ThreadNotFound, Unreadable."""
        _thread(connection, viewer, thread_id)
        return _first(connection, _STARTED.order_by(runs.c.ordinal.desc()), {"key": thread_id, "least": 0})

    @reads
    def has_started(self, connection: Connection, viewer: Viewer, thread_id: str, times: int) -> bool:
        """Whether so many runs of a thread have started, gone or not. Raises ThreadNotFound."""
        _thread(connection, viewer, thread_id)
        return connection.execute(_NEXT_ORDINAL, {"key": thread_id}).scalar_one() > times


def _thread(connection: Connection, viewer: Viewer, thread_id: str) -> Row[Any]:
    row = connection.execute(_THREAD, {"key": thread_id, "owner": viewer.identity}).one_or_none()
    if row is None:
        raise ThreadNotFound(thread_id)
    return row


def _first(connection: Connection, query: Select[Any], key: dict[str, Any]) -> Run | None:
    with connection.execute(query, key) as rows:
        return first_readable(rows, run_from_row)


def _outlook(thread: Row[Any], run: Run | None) -> Outlook:
    if not (isinstance(thread.created_at, datetime) and isinstance(thread.state_updated_at, datetime)):
        raise Unreadable("Thread", thread.thread_id)
    waiting = thread.waiting if isinstance(thread.waiting, datetime) else None
    return Outlook(run, thread.created_at, thread.state_updated_at, thread.held_until is not None, waiting)
