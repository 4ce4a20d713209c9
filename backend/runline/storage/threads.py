"""Threads, in the scope of a Viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from runline.errors import Conflict, ThreadBusy, ThreadNotFound
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.run import Run
from runline.model.thread import Page, Thread, ThreadFilter, ThreadState
from runline.model.viewer import Viewer
from runline.storage.engine import Database, json_contains, reads, writes
from runline.storage.queue import promote, settle, state_columns
from runline.storage.rows import readable, run_from_row, thread_from_row
from runline.storage.tables import is_active, runs, threads

_GET = select(threads).where(threads.c.thread_id == bindparam("key"))
_INSERT = insert(threads)
_HELD = select(threads.c.held_until).where(threads.c.thread_id == bindparam("key"))
_RELEASE = (
    update(threads)
    .where(threads.c.thread_id == bindparam("key"), threads.c.held_until == bindparam("until"))
    .values(held_until=None)
)
_HOLD = update(threads).where(threads.c.thread_id == bindparam("key"))


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody's hold of a thread's slot; `until` tells it from every other."""

    thread_id: str
    until: datetime


class ThreadStore:
    """The `threads` table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @writes
    def create(
        self, connection: Connection, viewer: Viewer, thread_id: str | None, metadata: dict[str, Any], *, exist_ok: bool
    ) -> Thread:
        """Insert an idle thread; with `exist_ok` an existing one of the viewer's is returned untouched.

        Raises Conflict when the id is taken, also by somebody else.
        """
        now = self._clock.now()
        thread = Thread(
            thread_id=thread_id or new_id(),
            owner=viewer.identity,
            status=ThreadStatus.IDLE,
            created_at=now,
            updated_at=now,
            state_updated_at=now,
            metadata=metadata,
            config={},
        )
        existing = _find(connection, thread.thread_id) if thread_id else None
        if existing is None:
            connection.execute(_INSERT, _thread_to_row(thread))
            return thread
        if exist_ok and existing.owner == viewer.identity:
            return existing
        raise Conflict(f"Thread with ID {thread_id} already exists")

    @reads
    def get(self, connection: Connection, viewer: Viewer, thread_id: str) -> Thread:
        """Return one thread. Raises ThreadNotFound."""
        return _get(connection, viewer, thread_id)

    @writes
    def patch(self, connection: Connection, viewer: Viewer, thread_id: str, metadata: dict[str, Any]) -> Thread:
        """Merge `metadata` into the thread's, key by key. Raises ThreadNotFound."""
        thread = _get(connection, viewer, thread_id)
        thread = replace(thread, metadata={**thread.metadata, **metadata}, updated_at=self._clock.now())
        connection.execute(
            update(threads)
            .where(threads.c.thread_id == thread_id)
            .values(metadata=thread.metadata, updated_at=thread.updated_at)
        )
        return thread

    @writes
    def delete(self, connection: Connection, viewer: Viewer, thread_id: str) -> list[Run]:
        """Delete a thread with its runs; returns those that were active, for their workers to stop.

        Raises ThreadNotFound.
        """
        _get(connection, viewer, thread_id)
        query = select(runs).where(runs.c.thread_id == thread_id, is_active())
        active = readable(connection.execute(query), run_from_row)
        connection.execute(delete(threads).where(threads.c.thread_id == thread_id))
        return active

    @reads
    def search(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter, page: Page) -> list[Thread]:
        """One page of the viewer's threads that match."""
        column = threads.c[page.sort_by]
        ordering = (column.desc(), threads.c.thread_id.desc()) if page.descending else (column, threads.c.thread_id)
        query = select(threads).where(*_where(viewer, wanted)).order_by(*ordering)
        rows = connection.execute(query.limit(page.limit).offset(page.offset))
        return readable(rows, thread_from_row)

    @reads
    def ids(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter) -> list[str]:
        """The ids of all the viewer's threads that match."""
        query = select(threads.c.thread_id).where(*_where(viewer, wanted))
        return list(connection.execute(query).scalars())

    @reads
    def count(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter) -> int:
        """How many of the viewer's threads match."""
        query = select(func.count()).select_from(threads).where(*_where(viewer, wanted))
        return connection.execute(query).scalar_one()

    @writes
    def copy(
        self, connection: Connection, viewer: Viewer, source: Thread, thread_id: str, state: ThreadState
    ) -> Thread:
        """Insert a new idle thread with the source's metadata and config, at the given state."""
        now = self._clock.now()
        thread = Thread(
            thread_id=thread_id,
            owner=viewer.identity,
            status=state.resting,
            created_at=now,
            updated_at=now,
            state_updated_at=now,
            metadata=source.metadata,
            config=source.config,
            values=state.values,
            interrupts=state.interrupts,
        )
        connection.execute(_INSERT, _thread_to_row(thread))
        return thread

    @writes
    def hold(
        self, connection: Connection, viewer: Viewer, thread_id: str, seconds: float, *, beside_runs: bool = False
    ) -> Hold | None:
        """Take the thread's slot, as a run would; runs created meanwhile wait.

        `beside_runs`: also while a run is active; the next one waits. Returns None if somebody else
        holds it. Raises ThreadNotFound, ThreadBusy.
        """
        now = self._clock.now()
        thread = _get(connection, viewer, thread_id)
        if connection.execute(_HELD, {"key": thread_id}).scalar_one() is not None:
            return None
        if thread.status is ThreadStatus.BUSY and not beside_runs:
            raise ThreadBusy
        hold = Hold(thread_id, now + timedelta(seconds=seconds))
        connection.execute(_HOLD, {"key": thread_id, "held_until": hold.until})
        settle(connection, thread_id, now)
        return hold

    @writes
    def release(self, connection: Connection, hold: Hold, state: ThreadState | None = None) -> None:
        """Give the slot back, recording the state the thread came to, and let its next run go.

        Does nothing for a hold that came to its end and was given up.
        """
        now = self._clock.now()
        released = connection.execute(_RELEASE, {"key": hold.thread_id, "until": hold.until})
        if released.rowcount:
            settle(connection, hold.thread_id, now, **state_columns(state, now))
            promote(connection, hold.thread_id, None, now)

    @reads
    def abandoned_holds(self, connection: Connection, *, everything: bool = False) -> list[Hold]:
        """Holds whose holder is late to release: it died. `everything`: all holds."""
        query = select(threads.c.thread_id, threads.c.held_until).where(threads.c.held_until.is_not(None))
        if not everything:
            query = query.where(threads.c.held_until < self._clock.now())
        return [Hold(row.thread_id, row.held_until) for row in connection.execute(query)]


def _find(connection: Connection, thread_id: str) -> Thread | None:
    row = connection.execute(_GET, {"key": thread_id}).one_or_none()
    return thread_from_row(row) if row else None


def _get(connection: Connection, viewer: Viewer, thread_id: str) -> Thread:
    thread = _find(connection, thread_id)
    if thread is None or thread.owner != viewer.identity:
        raise ThreadNotFound(thread_id)
    return thread


def _where(viewer: Viewer, wanted: ThreadFilter) -> Sequence[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [threads.c.owner == viewer.identity, threads.c.hidden == 0]
    if wanted.ids:
        clauses.append(threads.c.thread_id.in_(wanted.ids))
    if wanted.status:
        clauses.append(threads.c.status == wanted.status)
    if wanted.metadata:
        clauses.append(json_contains(threads.c.metadata, wanted.metadata))
    if wanted.values:
        clauses.append(json_contains(threads.c.state_values, wanted.values))
    return clauses


def _thread_to_row(thread: Thread) -> dict[str, Any]:
    return {
        "thread_id": thread.thread_id,
        "owner": thread.owner,
        "status": thread.status,
        "resting": thread.status,
        "hidden": 0,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "state_updated_at": thread.state_updated_at,
        "metadata": thread.metadata,
        "config": thread.config,
        "state_values": thread.values,
        "interrupts": thread.interrupts,
        "error": thread.error,
    }
