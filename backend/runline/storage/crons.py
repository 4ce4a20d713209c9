"""Crons, in the scope of a Viewer; and their ticks, for the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from runline.errors import CronNotFound, NotFound, TickTaken, TooMany, Unreadable
from runline.kit.clock import Clock
from runline.model.cron import Cron, CronFilter, Tick
from runline.model.thread import Page
from runline.model.viewer import Viewer
from runline.storage.engine import Database, json_contains, reads, take_turn, writes
from runline.storage.rows import cron_from_row, cron_to_row, readable
from runline.storage.tables import assistants, crons, is_enabled, threads

_GET = select(crons).where(crons.c.cron_id == bindparam("key"), crons.c.owner == bindparam("viewer"))
_ASSISTANT = select(assistants.c.assistant_id).where(assistants.c.assistant_id == bindparam("key"))
_THREAD = select(threads.c.owner, threads.c.hidden).where(threads.c.thread_id == bindparam("key"))
_MOVE_ON = (
    update(crons)
    .where(crons.c.cron_id == bindparam("key"), crons.c.next_run_date == bindparam("due"), is_enabled())
    .values(next_run_date=bindparam("following"), last_error=bindparam("reason"))
)
_NULLABLE = ("thread_id", "next_run_date", "end_time")


def move_on(connection: Connection, tick: Tick, reason: str | None = None) -> None:
    """Use up a tick, with the reason if no run comes of it. Raises TickTaken if the cron waits for it no more."""
    changes = {"key": tick.cron_id, "due": tick.due, "following": tick.following, "reason": reason}
    if connection.execute(_MOVE_ON, changes).rowcount == 0:
        raise TickTaken(tick.cron_id, tick.due)


class CronStore:
    """The `crons` table; an owner may have `max_per_owner`."""

    def __init__(self, database: Database, clock: Clock, max_per_owner: int = 1000) -> None:
        self._database = database
        self._clock = clock
        self._max_per_owner = max_per_owner

    @writes
    def create(self, connection: Connection, cron: Cron) -> None:
        """Insert a cron. Raises NotFound (assistant, or thread of its owner), TooMany (crons of its owner)."""
        assistant_id = cron.spec.assistant_id
        if connection.execute(_ASSISTANT, {"key": assistant_id}).one_or_none() is None:
            raise NotFound(f"Assistant '{assistant_id}' not found")
        if cron.thread_id:
            _check_thread(connection, cron.thread_id, cron.owner)
        if _count(connection, Viewer(cron.owner), CronFilter()) >= self._max_per_owner:
            raise TooMany(f"There are {self._max_per_owner} crons already; delete one first.")
        connection.execute(insert(crons), cron_to_row(cron))

    @reads
    def get(self, connection: Connection, viewer: Viewer, cron_id: str) -> Cron:
        """Return one cron. Raises CronNotFound."""
        return _get(connection, viewer, cron_id)

    @writes
    def change(self, connection: Connection, viewer: Viewer, cron_id: str, changed: Callable[[Cron], Cron]) -> Cron:
        """Replace a cron by what `changed` makes of it. Raises CronNotFound, and what `changed` raises."""
        take_turn(connection, cron_id)
        cron = changed(_get(connection, viewer, cron_id))
        connection.execute(update(crons).where(crons.c.cron_id == cron_id), cron_to_row(cron))
        return cron

    @writes
    def delete(self, connection: Connection, viewer: Viewer, cron_id: str) -> None:
        """Delete a cron; its runs stay. Raises CronNotFound."""
        owned = delete(crons).where(crons.c.cron_id == cron_id, crons.c.owner == viewer.identity)
        if connection.execute(owned).rowcount == 0:
            raise CronNotFound(cron_id)

    @reads
    def search(self, connection: Connection, viewer: Viewer, wanted: CronFilter, page: Page) -> list[Cron]:
        """One page of the viewer's crons that match; those without a value of the sorted field last."""
        column = crons.c[page.sort_by]
        ordering = [column.desc() if page.descending else column.asc()]
        if page.sort_by in _NULLABLE:
            ordering[0] = ordering[0].nulls_last()
        ordering.append(crons.c.cron_id.desc() if page.descending else crons.c.cron_id.asc())
        query = select(crons).where(*_where(viewer, wanted)).order_by(*ordering)
        return readable(connection.execute(query.limit(page.limit).offset(page.offset)), cron_from_row)

    @reads
    def count(self, connection: Connection, viewer: Viewer, wanted: CronFilter) -> int:
        """How many of the viewer's crons match."""
        return _count(connection, viewer, wanted)

    @reads
    def next_due(self, connection: Connection) -> datetime | None:
        """When the next cron comes due; None if none does, or its row cannot be read."""
        waiting = crons.c.next_run_date
        query = select(waiting).where(is_enabled(), waiting.is_not(None)).order_by(waiting).limit(1)
        due = connection.execute(query).scalar_one_or_none()
        return due if isinstance(due, datetime) else None

    @writes
    def due(self, connection: Connection, limit: int) -> list[Cron]:
        """Crons whose time has come, the longest-waiting first. One that cannot be read is disabled."""
        waiting = crons.c.next_run_date
        query = select(crons).where(is_enabled(), waiting <= self._clock.now()).order_by(waiting).limit(limit)
        found = []
        for row in connection.execute(query).all():
            try:
                found.append(cron_from_row(row))
            except Unreadable as exc:
                _disable(connection, row.cron_id, exc)
        return found

    @writes
    def skip(self, connection: Connection, tick: Tick, reason: str) -> None:
        """Use up a tick of which no run comes. Raises TickTaken."""
        move_on(connection, tick, reason)


def _check_thread(connection: Connection, thread_id: str, owner: str) -> None:
    row = connection.execute(_THREAD, {"key": thread_id}).one_or_none()
    if row is None or row.owner != owner or row.hidden:
        raise NotFound(
            f"Thread with ID '{thread_id}' not found. Please verify the ID is correct and the thread "
            "hasn't been deleted or expired."
        )


def _get(connection: Connection, viewer: Viewer, cron_id: str) -> Cron:
    row = connection.execute(_GET, {"key": cron_id, "viewer": viewer.identity}).one_or_none()
    if row is None:
        raise CronNotFound(cron_id)
    return cron_from_row(row)


def _count(connection: Connection, viewer: Viewer, wanted: CronFilter) -> int:
    query = select(func.count()).select_from(crons).where(*_where(viewer, wanted))
    return connection.execute(query).scalar_one()


def _where(viewer: Viewer, wanted: CronFilter) -> Sequence[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [crons.c.owner == viewer.identity]
    if wanted.assistant_id is not None:
        clauses.append(crons.c.assistant_id == wanted.assistant_id)
    if wanted.thread_id is not None:
        clauses.append(crons.c.thread_id == wanted.thread_id)
    if wanted.enabled is not None:
        clauses.append(crons.c.enabled == int(wanted.enabled))
    if wanted.metadata:
        clauses.append(json_contains(crons.c.metadata, wanted.metadata))
    return clauses


def _disable(connection: Connection, cron_id: str, reason: Unreadable) -> None:
    connection.execute(update(crons).where(crons.c.cron_id == cron_id).values(enabled=0, last_error=str(reason)))
