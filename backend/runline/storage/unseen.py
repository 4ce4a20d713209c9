"""Threads that are being made or removed in several steps: hidden, so that nobody finds one that is not whole.

No run is created on them. Should the process of one die, it is removed at the next start, or by who finds its slot
abandoned (`runs/upkeep.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from runline.errors import ThreadBusy, ThreadNotFound
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.thread import Thread, ThreadState
from runline.model.ttl import Ttl
from runline.model.viewer import Viewer
from runline.storage.engine import Database, take_turn, writes
from runline.storage.queue import active_runs
from runline.storage.rows import thread_from_row, thread_to_row
from runline.storage.tables import thread_terms, threads
from runline.storage.terms import index_terms
from runline.storage.threads import Hold, check_held, find_rival, new_thread
from runline.storage.ttls import drop_ttl, give_ttl

_LONGEST_STAY = Ttl(minutes=60)


class UnseenStore:
    """The `threads` table, where `hidden` is 1 and no stateless run is to blame."""

    def __init__(self, database: Database, clock: Clock, default_ttl: Ttl | None = None) -> None:
        self._database = database
        self._clock = clock
        self._default_ttl = default_ttl

    @writes
    def begin(
        self,
        connection: Connection,
        viewer: Viewer,
        thread_id: str | None,
        metadata: dict[str, Any],
        seconds: float,
        *,
        exist_ok: bool,
    ) -> tuple[Thread, Hold | None]:
        """A new hidden thread, and a hold of its slot for so long; or, as ThreadStore.create, one that exists and None.

        Raises Conflict.
        """
        if thread_id and (existing := find_rival(connection, viewer, thread_id, exist_ok=exist_ok)):
            return existing, None
        now = self._clock.now()
        thread = replace(new_thread(viewer, thread_id, metadata, now), status=ThreadStatus.BUSY)
        hold = Hold(thread.thread_id, new_id())
        held = {"held_until": now + timedelta(seconds=seconds), "hold_id": hold.hold_id}
        connection.execute(insert(threads), thread_to_row(thread) | {"hidden": 1} | held)
        give_ttl(connection, thread.thread_id, _LONGEST_STAY, now)
        return thread, hold

    @writes
    def show(self, connection: Connection, hold: Hold, state: ThreadState, ttl: Ttl | None) -> Thread:
        """Let a thread that was begun be seen, at this state, and give its slot back. Raises SlotLost."""
        thread_id = hold.thread_id
        take_turn(connection, thread_id)
        check_held(connection, hold)
        now = self._clock.now()
        statement = update(threads).where(threads.c.thread_id == thread_id).values(**_shown(state, now))
        thread = thread_from_row(connection.execute(statement.returning(threads)).one())
        index_terms(connection, thread.owner, thread_id, thread.metadata)
        drop_ttl(connection, thread_id)
        give_ttl(connection, thread_id, ttl or self._default_ttl, now)
        return thread

    @writes
    def hide(self, connection: Connection, viewer: Viewer, hold: Hold, *, beside_runs: bool = False) -> None:
        """Let a thread be seen no more, for its removal by who holds its slot.

        `beside_runs`: also while a run is active. Raises ThreadNotFound, SlotLost, ThreadBusy (a run is).
        """
        thread_id = hold.thread_id
        take_turn(connection, thread_id)
        owned = select(threads.c.thread_id).where(threads.c.thread_id == thread_id, threads.c.owner == viewer.identity)
        if connection.execute(owned).one_or_none() is None:
            raise ThreadNotFound(thread_id)
        check_held(connection, hold)
        if not beside_runs and active_runs(connection, thread_id, self._clock):
            raise ThreadBusy
        connection.execute(update(threads).where(threads.c.thread_id == thread_id).values(hidden=1))
        connection.execute(delete(thread_terms).where(thread_terms.c.thread_id == thread_id))
        give_ttl(connection, thread_id, _LONGEST_STAY, self._clock.now())


def _shown(state: ThreadState, now: datetime) -> dict[str, Any]:
    return {
        "hidden": 0,
        "held_until": None,
        "hold_id": None,
        "status": state.resting,
        "resting": state.resting,
        "state_values": state.values,
        "interrupts": state.interrupts,
        "updated_at": now,
        "state_updated_at": now,
    }
