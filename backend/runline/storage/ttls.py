"""The ttls of threads: given with a thread or later, looked up by the sweeper in order of their ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from runline.kit.clock import Clock
from runline.model.lifecycle import ThreadStatus
from runline.model.ttl import GivenTtl, PruneStrategy, Ttl
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads, take_turn, tell, writes
from runline.storage.rows import given_ttl_from_row, readable
from runline.storage.tables import thread_ttls, threads

_INSERT = insert(thread_ttls)
_DELETE = delete(thread_ttls).where(thread_ttls.c.thread_id == bindparam("key"))
_ENDING = select(thread_ttls, threads.c.owner, threads.c.status, threads.c.hidden, threads.c.updated_at).join(
    threads, threads.c.thread_id == thread_ttls.c.thread_id
)
_PUT_OFF = update(thread_ttls).where(thread_ttls.c.thread_id == bindparam("key"))
_DELAY = timedelta(minutes=1)


def give_ttl(connection: Connection, thread_id: str, ttl: Ttl | None, now: datetime) -> None:
    """Let the thread's life begin anew with this ttl; None leaves it as it is."""
    if ttl is None:
        return
    tell(connection, _DELETE, {"key": thread_id})
    row = {"thread_id": thread_id, "minutes": ttl.minutes, "strategy": ttl.strategy, "expires_at": ttl.end(now)}
    tell(connection, _INSERT, row)


def drop_ttl(connection: Connection, thread_id: str) -> None:
    """Let the thread live for ever."""
    tell(connection, _DELETE, {"key": thread_id})


def find_ttl(connection: Connection, thread_id: str) -> GivenTtl | None:
    """The thread's ttl, if it has one. Raises Unreadable."""
    row = connection.execute(select(thread_ttls).where(thread_ttls.c.thread_id == thread_id)).one_or_none()
    return given_ttl_from_row(row) if row else None


@dataclass(frozen=True, slots=True)
class Expired:
    """A thread whose time is over; `unseen`: it was left half made or half removed."""

    thread_id: str
    owner: Viewer
    strategy: PruneStrategy
    unseen: bool = False


class TtlStore:
    """The `thread_ttls` table."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @reads
    def find(self, connection: Connection, viewer: Viewer, thread_id: str) -> GivenTtl | None:
        """The ttl of a thread of the viewer's."""
        owned = select(threads.c.thread_id).where(threads.c.thread_id == thread_id, threads.c.owner == viewer.identity)
        return find_ttl(connection, thread_id) if connection.execute(owned).one_or_none() else None

    @writes
    def expired(self, connection: Connection, limit: int) -> list[Expired]:
        """Threads to prune, at most `limit`, those whose time has been over for longest first.

        All are put off at once, so that none that is busy or cannot be pruned holds up the others. One that is to be
        kept, and has not changed since it was pruned last, has another life without more ado.
        """
        now = self._clock.now()
        over = _ENDING.where(thread_ttls.c.expires_at <= now).order_by(thread_ttls.c.expires_at).limit(limit)
        over = over.with_for_update(of=thread_ttls, skip_locked=True)
        rows = connection.execute(over).all()
        for row in rows:
            _put_off(connection, row.thread_id, now + _DELAY)
        due = []
        for row, given in readable(rows, lambda row: (row, given_ttl_from_row(row))):
            if _is_unchanged(row, given):
                _put_off(connection, row.thread_id, given.ttl.end(now))
            elif row.status != ThreadStatus.BUSY or row.hidden:
                due.append(Expired(row.thread_id, Viewer(row.owner), given.ttl.strategy, bool(row.hidden)))
        return due

    @reads
    def left_unseen(self, connection: Connection, thread_id: str | None = None) -> list[Expired]:
        """Threads that were being made or removed, or this one if it was.

        For the start of a process that owns the database alone, and for whoever finds the thread's slot abandoned.
        """
        query = _ENDING.where(threads.c.hidden == 1)
        rows = connection.execute(query.where(threads.c.thread_id == thread_id) if thread_id else query)
        return [Expired(row.thread_id, Viewer(row.owner), PruneStrategy.DELETE, unseen=True) for row in rows]

    @writes
    def renew(self, connection: Connection, thread_id: str) -> None:
        """Begin another life of a thread that was pruned and kept, if that is what its ttl is for."""
        take_turn(connection, thread_id)
        given = find_ttl(connection, thread_id)
        if given and given.ttl.strategy is PruneStrategy.KEEP_LATEST:
            _put_off(connection, thread_id, given.ttl.end(self._clock.now()))


def _is_unchanged(row: Row[Any], given: GivenTtl) -> bool:
    """Whether the thread was kept when it was pruned, and has not been touched since."""
    begun = given.expires_at - timedelta(minutes=given.ttl.minutes)
    return given.ttl.strategy is PruneStrategy.KEEP_LATEST and bool(row.updated_at < begun)


def _put_off(connection: Connection, thread_id: str, until: datetime) -> None:
    connection.execute(_PUT_OFF, {"key": thread_id, "expires_at": until})
