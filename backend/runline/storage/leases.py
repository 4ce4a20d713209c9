"""Runs as those see them who execute them: renew, finish, discard, requeue. No viewer: workers serve everybody.

`attempt` is the fencing token: it grows with every claim, and each write here names the attempt it belongs to,
so a worker that lost its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, and_, bindparam, case, literal, select, tuple_, update

from runline.kit.clock import Clock
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run, RunOutcome
from runline.model.thread import ThreadState
from runline.storage.columns import Moment
from runline.storage.engine import Database, reads, take_turn, tell, writes
from runline.storage.outbox import post_end, post_stop
from runline.storage.queue import (
    IS_FOLLOWED,
    Claimant,
    drop_thread,
    promote,
    remove_run,
    settle,
    state_columns,
)
from runline.storage.rows import readable, run_from_row
from runline.storage.run_log import write_end, write_entries, write_late_usage, write_stop
from runline.storage.tables import is_running, runs
from runline.storage.threads import Hold, check_held

if TYPE_CHECKING:
    from runline.storage.postgres_spare import PostgresSpare


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of an attempt to end a run.

    `held`: this attempt still owned the run and its end is committed. `stop`: it owned it, but its owner had asked
    for a stop that must be carried out first; nothing was written. `promoted`: the thread's next run, running if it was
    claimed, else pending. `gone`: the run is nowhere any more.
    """

    held: bool
    promoted: Run | None = None
    stop: StopReason | None = None
    gone: bool = False


_HELD = select(runs.c.stop_requested, IS_FOLLOWED.label("followed")).where(
    runs.c.run_id == bindparam("key"), runs.c.attempt == bindparam("token"), is_running()
)
_DOOM = update(runs).where(runs.c.run_id == bindparam("key")).values(stop_requested=StopReason.DELETE)
_EXISTS = select(runs.c.run_id).where(runs.c.run_id == bindparam("key"))
_GRAPH_AHEAD = (
    select(runs.c.graph_id)
    .where(runs.c.thread_id == bindparam("thread"), runs.c.due_at < bindparam("due"), runs.c.attempt > 0)
    .order_by(runs.c.due_at.desc())
    .limit(1)
)
_FIRST_BEFORE = (
    select(runs.c.before).where(runs.c.thread_id == bindparam("thread")).order_by(runs.c.created_at).limit(1)
)
_FINISH = update(runs).where(runs.c.run_id == bindparam("key")).values(lease_owner=None, lease_until=None)
OF_ATTEMPT = update(runs).where(runs.c.run_id == bindparam("key"), runs.c.attempt == bindparam("token"), is_running())
"""Changes a running run, unless another attempt is at it."""

GIVE_BACK = OF_ATTEMPT.values(
    status=RunStatus.PENDING,
    ready=1,
    crashes=runs.c.crashes + bindparam("crashed"),
    lease_owner=None,
    lease_until=None,
    updated_at=bindparam("now"),
)
"""To the queue; `crashed` counts towards its crashes."""


class LeaseStore:
    """Time-limited ownership of running runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @writes
    def renew(
        self, connection: Connection, claimant: Claimant, attempts: Sequence[tuple[str, int]]
    ) -> dict[str, StopReason | None]:
        """Prolong the leases of these (run_id, attempt) pairs in one transaction.

        Returns the runs still held, each with the stop its owner asked for, if any.
        """
        return _renew(connection, claimant, attempts, self._clock.now())

    def renew_beside(
        self, spare: PostgresSpare, claimant: Claimant, attempts: Sequence[tuple[str, int]]
    ) -> dict[str, StopReason | None]:
        """The same from a thread that the event loop does not hold up, which it blocks. Raises Unavailable."""
        return spare.write(lambda connection: _renew(connection, claimant, attempts, self._clock.now()))

    @writes
    def finish(
        self,
        connection: Connection,
        run: Run,
        outcome: RunOutcome,
        state: ThreadState | None,
        claimant: Claimant | None,
        entries: Entries = NOTHING,
    ) -> Ending:
        """Commit a run's terminal status with its thread's new state, and let the thread's next run go.

        `entries` are written whatever comes of it, but for those of the log if the run is not held any more.
        A stop that was requested meanwhile goes first, unless it asks for no more than the interrupt that this is.
        The thread of a stateless run goes with it, unless it is to be kept, or the run's stored events are.
        """
        take_turn(connection, run.thread_id)
        if (row := connection.execute(_HELD, lease_of(run)).one_or_none()) is None:
            write_late_usage(connection, run.run_id, entries)
            return Ending(held=False, gone=_is_gone(connection, run))
        now = self._clock.now()
        if row.stop_requested in _gives_way_to(outcome):
            write_entries(connection, entries)
            return Ending(held=False, stop=StopReason(row.stop_requested))
        post_end(connection, run, outcome, now)
        write_end(connection, run, outcome, now, entries)
        if run.vanishes:
            drop_thread(connection, run)
            return Ending(held=True)
        end = {
            "key": run.run_id,
            "error": outcome.error,
            "status": outcome.status,
            "ended_at": now,
            "updated_at": now,
        }
        tell(connection, _FINISH, end)
        promoted = promote(connection, run.thread_id, claimant, now) if row.followed else None
        settle(connection, run.thread_id, now, **state_columns(state, now))
        return Ending(True, promoted)

    @writes
    def discard(
        self,
        connection: Connection,
        run: Run,
        state: ThreadState | None,
        claimant: Claimant | None,
        reason: StopReason = StopReason.DELETE,
        entries: Entries = NOTHING,
    ) -> Ending:
        """Remove a run whose checkpoints are gone, restore its thread, and let the next run go; as `finish`.

        `run` may be held by its attempt, or have ended already. `reason` is ROLLBACK or DELETE.
        """
        take_turn(connection, run.thread_id)
        query = select(runs.c.ended_at).where(runs.c.run_id == run.run_id, runs.c.attempt == run.attempt)
        if (row := connection.execute(query).one_or_none()) is None:
            write_late_usage(connection, run.run_id, entries)
            return Ending(held=False)
        now = self._clock.now()
        changes = state_columns(state, now)
        write_stop(connection, run, reason, now, entries)
        if row.ended_at is None:
            # it has not come to rest since the run before this one, which may have failed
            changes.pop("resting", None)
            post_stop(connection, run, reason, now, state.result if state else None)
        if run.traceless:
            drop_thread(connection, run)
            return Ending(held=True)
        keep_graph = state is not None and state.values is not None
        remove_run(connection, run, keep_graph=keep_graph)
        promoted = promote(connection, run.thread_id, claimant, now)
        settle(connection, run.thread_id, now, **changes)
        return Ending(True, promoted)

    @reads
    def graph_before(self, connection: Connection, run: Run) -> str | None:
        """The graph that made the state which the run began with; None if there was none, or the run is gone.

        It is that of the run which began before it, whatever was created before it and has yet to begin.
        """
        key = {"thread": run.thread_id}
        if ahead := connection.execute(_GRAPH_AHEAD, {**key, "due": run.due_at}).scalar_one_or_none():
            return str(ahead)
        before = connection.execute(_FIRST_BEFORE, key).scalar_one_or_none()
        return before["graph_id"] if before else None

    @writes
    def doom(self, connection: Connection, run: Run, hold: Hold) -> None:
        """Write down that an ended run is to be undone, before anything of it is, by who holds its thread.

        Raises SlotLost.
        """
        take_turn(connection, run.thread_id)
        check_held(connection, hold)
        connection.execute(_DOOM, {"key": run.run_id})

    @reads
    def doomed(self, connection: Connection, thread_id: str) -> list[Run]:
        """The thread's ended runs that are to be undone."""
        query = select(runs).where(runs.c.thread_id == thread_id, runs.c.ended_at.is_not(None))
        query = query.where(runs.c.stop_requested == StopReason.DELETE)
        return readable(connection.execute(query), run_from_row)

    @reads
    def is_gone(self, connection: Connection, run: Run) -> bool:
        """Whether the run's row was deleted."""
        return _is_gone(connection, run)

    @writes
    def requeue(self, connection: Connection, run: Run, *, crashed: bool, entries: Entries = NOTHING) -> bool:
        """Give a running run back to the queue; a crash counts towards its attempts. False if not held."""
        take_turn(connection, run.thread_id)
        changes = {**lease_of(run), "crashed": int(crashed), "now": self._clock.now()}
        if connection.execute(GIVE_BACK, changes).rowcount != 1:
            write_late_usage(connection, run.run_id, entries)
            return False
        write_entries(connection, entries)
        return True


def _renew(
    connection: Connection, claimant: Claimant, attempts: Sequence[tuple[str, int]], now: datetime
) -> dict[str, StopReason | None]:
    until = now + claimant.lease
    ahead = and_(runs.c.lease_until > until, runs.c.lease_until <= until + claimant.lease)
    statement = (
        update(runs)
        .where(
            # SQLite finds rows by the first of these, and has no index for the second
            runs.c.run_id.in_([run_id for run_id, _ in attempts]),
            tuple_(runs.c.run_id, runs.c.attempt).in_(attempts),
            is_running(),
            runs.c.lease_owner == claimant.worker,
        )
        # of two renewals the one that was asked for first may come last; further ahead lies what a wrong clock has said
        .values(lease_until=case((ahead, runs.c.lease_until), else_=literal(until, Moment)))
        .returning(runs.c.run_id, runs.c.stop_requested)
    )
    rows = connection.execute(statement).all()
    return {row.run_id: StopReason(row.stop_requested) if row.stop_requested else None for row in rows}


def _is_gone(connection: Connection, run: Run) -> bool:
    return connection.execute(_EXISTS, {"key": run.run_id}).one_or_none() is None


def _gives_way_to(outcome: RunOutcome) -> tuple[StopReason, ...]:
    if outcome.status is RunStatus.INTERRUPTED:
        return (StopReason.ROLLBACK, StopReason.DELETE)
    return tuple(StopReason)


def lease_of(run: Run) -> dict[str, Any]:
    """What names the attempt that a run is at, to OF_ATTEMPT."""
    return {"key": run.run_id, "token": run.attempt}
