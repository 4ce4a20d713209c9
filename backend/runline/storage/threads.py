"""Threads, in the scope of a Viewer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from runline.errors import Conflict, SlotLost, ThreadBusy, ThreadNotFound
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.run import Run
from runline.model.thread import Page, Thread, ThreadFilter, ThreadState
from runline.model.ttl import Ttl
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads, take_turn, writes
from runline.storage.matching import Match
from runline.storage.queue import promote, settle, state_columns
from runline.storage.rows import readable, run_from_row, thread_from_row, thread_to_row
from runline.storage.tables import is_active, runs, threads
from runline.storage.terms import index_terms
from runline.storage.ttls import find_ttl, give_ttl

_GET = select(threads).where(threads.c.thread_id == bindparam("key"))
_INSERT = insert(threads)
_HIDDEN = select(threads.c.hidden).where(threads.c.thread_id == bindparam("key"))
_HELD = select(threads.c.held_until).where(threads.c.thread_id == bindparam("key"))
_HOLD = update(threads).where(threads.c.thread_id == bindparam("key"))
_OF_HOLD = _HOLD.where(threads.c.hold_id == bindparam("hold"))
_RELEASE = _OF_HOLD.values(held_until=None, hold_id=None).returning(threads.c.updated_at)
_PROLONG = _OF_HOLD.values(held_until=bindparam("longer"))
_TAKE_OVER = _HOLD.where(threads.c.held_until == bindparam("until")).values(
    held_until=bindparam("longer"), hold_id=bindparam("taker")
)
_HOLDER = select(threads.c.hold_id).where(threads.c.thread_id == bindparam("key"))


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody's hold of a thread's slot; `hold_id` tells it from every other."""

    thread_id: str
    hold_id: str


class LateHold(NamedTuple):
    """A hold whose holder is late to renew it, or gone; `until` tells whether it was renewed after all."""

    hold: Hold
    until: datetime


class ThreadStore:
    """The `threads` table."""

    def __init__(self, database: Database, clock: Clock, default_ttl: Ttl | None = None) -> None:
        self._database = database
        self._clock = clock
        self._default_ttl = default_ttl

    @writes
    def create(
        self,
        connection: Connection,
        viewer: Viewer,
        thread_id: str | None,
        metadata: dict[str, Any],
        *,
        exist_ok: bool,
        ttl: Ttl | None = None,
    ) -> Thread:
        """Insert an idle thread; with `exist_ok` an existing one of the viewer's is returned untouched.

        Raises Conflict when the id is taken, also by somebody else.
        """
        if thread_id and (existing := find_rival(connection, viewer, thread_id, exist_ok=exist_ok)):
            return existing
        thread = new_thread(viewer, thread_id, metadata, self._clock.now())
        self._insert(connection, thread, ttl or self._default_ttl)
        return thread

    def _insert(self, connection: Connection, thread: Thread, ttl: Ttl | None) -> None:
        connection.execute(_INSERT, thread_to_row(thread))
        index_terms(connection, thread.owner, thread.thread_id, thread.metadata)
        give_ttl(connection, thread.thread_id, ttl, thread.created_at)

    @reads
    def get(self, connection: Connection, viewer: Viewer, thread_id: str) -> Thread:
        """Return one thread. Raises ThreadNotFound."""
        return _get(connection, viewer, thread_id)

    @writes
    def patch(
        self,
        connection: Connection,
        viewer: Viewer,
        thread_id: str,
        metadata: dict[str, Any],
        ttl: Ttl | None = None,
        check: Callable[[dict[str, Any]], None] | None = None,
    ) -> Thread:
        """Merge `metadata` into the thread's, key by key; a ttl begins now.

        Raises ThreadNotFound, Conflict for a ttl where the thread goes with its run anyway, and what `check` raises
        about the merged metadata.
        """
        take_turn(connection, thread_id)
        before = _get(connection, viewer, thread_id)
        thread = replace(before, metadata={**before.metadata, **metadata}, updated_at=self._clock.now())
        if check:
            check(thread.metadata)
        if not _is_hidden(connection, thread_id):
            index_terms(connection, thread.owner, thread_id, thread.metadata, before.metadata)
            give_ttl(connection, thread_id, ttl, thread.updated_at)
        elif ttl:
            raise Conflict("The thread of a stateless run ends with its run, and takes no ttl")
        connection.execute(
            update(threads)
            .where(threads.c.thread_id == thread_id)
            .values(metadata=thread.metadata, updated_at=thread.updated_at)
        )
        return thread

    @writes
    def delete(self, connection: Connection, viewer: Viewer, thread_id: str, hold: Hold | None = None) -> list[Run]:
        """Delete a thread with its runs; returns those that were active, for their workers to stop.

        `hold`: by whom it is held. Raises ThreadNotFound, SlotLost.
        """
        take_turn(connection, thread_id)
        _get(connection, viewer, thread_id)
        if hold:
            check_held(connection, hold)
        query = select(runs).where(runs.c.thread_id == thread_id, is_active())
        active = readable(connection.execute(query), run_from_row)
        connection.execute(delete(threads).where(threads.c.thread_id == thread_id))
        return active

    @reads
    def search(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter, page: Page) -> list[Thread]:
        """One page of the viewer's threads that match."""
        column = threads.c[page.sort_by]
        ordering = (column.desc(), threads.c.thread_id.desc()) if page.descending else (column, threads.c.thread_id)
        query = select(threads).where(*Match.of(connection, viewer, wanted).clauses()).order_by(*ordering)
        rows = connection.execute(query.limit(page.limit).offset(page.offset))
        return readable(rows, thread_from_row)

    @reads
    def ids(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter) -> list[str]:
        """The ids of all the viewer's threads that match."""
        query = select(threads.c.thread_id).where(*Match.of(connection, viewer, wanted).clauses())
        return list(connection.execute(query).scalars())

    @reads
    def count(self, connection: Connection, viewer: Viewer, wanted: ThreadFilter) -> int:
        """How many of the viewer's threads match."""
        return Match.of(connection, viewer, wanted).count(connection)

    @writes
    def copy(
        self, connection: Connection, viewer: Viewer, source: Thread, thread_id: str, state: ThreadState
    ) -> Thread:
        """Insert a new idle thread with the source's metadata, config and ttl, at the given state."""
        now = self._clock.now()
        given = find_ttl(connection, source.thread_id)
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
        self._insert(connection, thread, given.ttl if given else None)
        return thread

    @writes
    def hold(
        self, connection: Connection, viewer: Viewer, thread_id: str, seconds: float, *, beside_runs: bool = False
    ) -> Hold | None:
        """Take the thread's slot, as a run would; runs created meanwhile wait. That alone changes no `updated_at`.

        `beside_runs`: also while a run is active; the next one waits. Returns None if somebody else
        holds it. Raises ThreadNotFound, ThreadBusy.
        """
        take_turn(connection, thread_id)
        thread = _get(connection, viewer, thread_id)
        now = self._clock.now()
        if connection.execute(_HELD, {"key": thread_id}).scalar_one() is not None:
            return None
        if thread.status is ThreadStatus.BUSY and not beside_runs:
            raise ThreadBusy
        hold = Hold(thread_id, new_id())
        until = now + timedelta(seconds=seconds)
        connection.execute(_HOLD, {"key": thread_id, "held_until": until, "hold_id": hold.hold_id})
        settle(connection, thread_id, now, updated_at=thread.updated_at)
        return hold

    @writes
    def prolong(self, connection: Connection, hold: Hold, seconds: float) -> None:
        """Hold on for so long from now. Does nothing for a hold that came to its end and was given up."""
        connection.execute(_PROLONG, {**_of(hold), "longer": self._clock.now() + timedelta(seconds=seconds)})

    @writes
    def take_over(self, connection: Connection, late: LateHold, seconds: float) -> Hold | None:
        """Hold the slot in the holder's place, who can neither renew nor release it from here on.

        None if it did before, or others were quicker. It may still be at it: it is to be kept from saving checkpoints
        before anything else is done.
        """
        mine = Hold(late.hold.thread_id, new_id())
        longer = self._clock.now() + timedelta(seconds=seconds)
        keys = {"key": mine.thread_id, "until": late.until, "longer": longer, "taker": mine.hold_id}
        return mine if connection.execute(_TAKE_OVER, keys).rowcount else None

    @writes
    def release(self, connection: Connection, hold: Hold, state: ThreadState | None = None) -> None:
        """Give the slot back, recording the state the thread came to, and let its next run go.

        Does nothing for a hold that came to its end and was given up.
        """
        take_turn(connection, hold.thread_id)
        now = self._clock.now()
        held = connection.execute(_RELEASE, _of(hold)).one_or_none()
        if held:
            changes = state_columns(state, now) or {"updated_at": held.updated_at}
            settle(connection, hold.thread_id, now, **changes)
            promote(connection, hold.thread_id, None, now)

    @reads
    def abandoned_holds(self, connection: Connection, *, everything: bool = False) -> list[LateHold]:
        """Holds whose holder is late to release: it died. `everything`: all holds."""
        held = (threads.c.thread_id, threads.c.hold_id, threads.c.held_until)
        query = select(*held).where(threads.c.held_until.is_not(None))
        if not everything:
            query = query.where(threads.c.held_until < self._clock.now())
        # holds from before they had ids: nothing is written on behalf of such a one
        return [LateHold(Hold(row.thread_id, row.hold_id or ""), row.held_until) for row in connection.execute(query)]


def new_thread(viewer: Viewer, thread_id: str | None, metadata: dict[str, Any], now: datetime) -> Thread:
    """An idle thread that is not stored yet."""
    return Thread(
        thread_id=thread_id or new_id(),
        owner=viewer.identity,
        status=ThreadStatus.IDLE,
        created_at=now,
        updated_at=now,
        state_updated_at=now,
        metadata=metadata,
        config={},
    )


def find_rival(connection: Connection, viewer: Viewer, thread_id: str, *, exist_ok: bool) -> Thread | None:
    """The thread that has an id already, if the viewer may have it instead. Raises Conflict if not."""
    take_turn(connection, thread_id)
    existing = _find(connection, thread_id)
    if existing is None or (exist_ok and existing.owner == viewer.identity):
        return existing
    raise Conflict(f"Thread with ID {thread_id} already exists")


def check_held(connection: Connection, hold: Hold) -> None:
    """Raise SlotLost if the thread is not held so any more; the caller has its turn."""
    if connection.execute(_HOLDER, {"key": hold.thread_id}).scalar_one_or_none() != hold.hold_id:
        raise SlotLost(hold.thread_id)


def _of(hold: Hold) -> dict[str, Any]:
    return {"key": hold.thread_id, "hold": hold.hold_id}


def _is_hidden(connection: Connection, thread_id: str) -> bool:
    """Whether nobody is to find the thread by searching."""
    return bool(connection.execute(_HIDDEN, {"key": thread_id}).scalar_one())


def _find(connection: Connection, thread_id: str) -> Thread | None:
    row = connection.execute(_GET, {"key": thread_id}).one_or_none()
    return thread_from_row(row) if row else None


def _get(connection: Connection, viewer: Viewer, thread_id: str) -> Thread:
    thread = _find(connection, thread_id)
    if thread is None or thread.owner != viewer.identity:
        raise ThreadNotFound(thread_id)
    return thread
