"""What the stream of a thread follows, in the scope of a Viewer: the thread's runs, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from runline.errors import ThreadNotFound, Unreadable
from runline.model.run import Run
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads
from runline.storage.rows import first_readable, run_from_row
from runline.storage.tables import has_ordinal, is_active, runs, threads

_THREAD: Select[Any] = select(
    threads.c.thread_id, threads.c.created_at, threads.c.state_updated_at, threads.c.held_until
).where(threads.c.thread_id == bindparam("key"), threads.c.owner == bindparam("owner"))
_OF_THREAD: Select[Any] = select(runs).where(runs.c.thread_id == bindparam("key"))
_OLDEST = _OF_THREAD.where(runs.c.created_at >= bindparam("since")).order_by(runs.c.created_at, runs.c.run_id)
_STARTED = _OF_THREAD.where(has_ordinal(), runs.c.ordinal >= bindparam("least"))
_ACTIVE = _OF_THREAD.where(is_active()).order_by(runs.c.created_at, runs.c.run_id)
_NEWEST = _OF_THREAD.order_by(runs.c.created_at.desc(), runs.c.run_id.desc())


@dataclass(frozen=True, slots=True)
class Outlook:
    """A thread as its followers see it, and one of its runs, if there is such a one.

    `held`: a state update or a deletion has the thread's slot now. `updated_at`: when its state last changed.
    """

    run: Run | None
    created_at: datetime
    updated_at: datetime
    held: bool


class ThreadStreamStore:
    """Reads the `threads` and `runs` tables for those who follow a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def ahead(self, connection: Connection, viewer: Viewer, thread_id: str, since: datetime) -> Outlook:
        """The thread and its first run that was created at `since` or later. Raises ThreadNotFound, Unreadable."""
        thread = _thread(connection, viewer, thread_id)
        return _outlook(thread, _first(connection, _OLDEST, {"key": thread_id, "since": since}))

    @reads
    def present(self, connection: Connection, viewer: Viewer, thread_id: str) -> Outlook:
        """The thread and its first active run, or else its newest. Raises ThreadNotFound, Unreadable."""
        thread = _thread(connection, viewer, thread_id)
        key = {"key": thread_id}
        return _outlook(thread, _first(connection, _ACTIVE, key) or _first(connection, _NEWEST, key))

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
    return Outlook(run, thread.created_at, thread.state_updated_at, thread.held_until is not None)
