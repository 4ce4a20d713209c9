"""Runs as workers see them: claim, renew, finish, discard, requeue. No viewer: workers serve everybody.

`attempt` is the fencing token: it grows with every claim, and each write here names the attempt it belongs to,
so a worker that lost its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select, tuple_, update

from runline.errors import Unreadable
from runline.kit.clock import Clock
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import ACTIVE, RunStatus, StopReason
from runline.model.run import Run, RunOutcome
from runline.model.thread import ThreadState
from runline.storage.engine import Database, reads, take_turn, tell, writes
from runline.storage.outbox import post_end, post_stop
from runline.storage.queue import (
    IS_FOLLOWED,
    Claimant,
    claim_run,
    drop_thread,
    promote,
    remove_run,
    retire,
    settle,
    state_columns,
)
from runline.storage.rows import readable, run_from_row
from runline.storage.run_log import write_end, write_entries, write_late_usage, write_stop
from runline.storage.tables import is_active, is_claimable, is_running, runs
from runline.storage.threads import Hold, check_held


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


class Stranded(NamedTuple):
    """How many runs of a graph are due while nobody asked has the graph, and since when the first of them is."""

    graph_id: str
    runs: int
    since: datetime


class Abandoned(NamedTuple):
    """A running run whose worker is late to renew its lease, or gone; `crashes` are those it has survived so far.

    `lease_until` tells whether the lease was renewed after all.
    """

    run: Run
    crashes: int
    lease_until: datetime


_HAS_GRAPH = runs.c.graph_id.in_(bindparam("graphs", expanding=True))
_IS_DUE = runs.c.due_at <= bindparam("now")
_READY = (
    select(runs.c.run_id)
    .where(is_claimable(), _IS_DUE, _HAS_GRAPH)
    .order_by(runs.c.due_at, runs.c.created_at)
    .limit(bindparam("limit"))
)
_NEXT_DUE = select(func.min(runs.c.due_at)).where(is_claimable(), _HAS_GRAPH)
_STRANDED = (
    select(runs.c.graph_id, func.count(), func.min(runs.c.due_at))
    .where(is_claimable(), _IS_DUE, ~_HAS_GRAPH)
    .group_by(runs.c.graph_id)
    .order_by(runs.c.graph_id)
)
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
_IS_ABANDONED = runs.c.lease_until == bindparam("until")
_OF_ATTEMPT = update(runs).where(runs.c.run_id == bindparam("key"), runs.c.attempt == bindparam("token"), is_running())
_GIVE_BACK = _OF_ATTEMPT.values(
    status=RunStatus.PENDING,
    ready=1,
    crashes=runs.c.crashes + bindparam("crashed"),
    lease_owner=None,
    lease_until=None,
    updated_at=bindparam("now"),
)
_TAKE_OVER = (
    _OF_ATTEMPT.where(_IS_ABANDONED)
    .values(lease_owner=bindparam("taker"), lease_until=bindparam("lease_end"), updated_at=bindparam("now"))
    .returning(runs)
)
_SUPERSEDE = _OF_ATTEMPT.where(_IS_ABANDONED).values(attempt=runs.c.attempt + 1).returning(runs)


class LeaseStore:
    """Time-limited ownership of running runs."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, claimant: Claimant, limit: int) -> list[Run]:
        """Take up to `limit` ready runs of its graphs that are due, the longest-waiting first."""
        ready = await self._ready(claimant.graphs, limit)
        return await self._take(ready, claimant) if ready else []

    @reads
    def _ready(self, connection: Connection, graphs: Collection[str], limit: int) -> Sequence[str]:
        wanted = {"graphs": sorted(graphs), "now": self._clock.now(), "limit": limit}
        return connection.execute(_READY, wanted).scalars().all()

    @writes
    def _take(self, connection: Connection, run_ids: Sequence[str], claimant: Claimant) -> list[Run]:
        now = self._clock.now()
        # those that others are at now are left to them
        free = select(runs.c.run_id).where(runs.c.run_id.in_(run_ids), is_claimable()).with_for_update(skip_locked=True)
        left = set(connection.execute(free).scalars())
        claimed = [claim_run(connection, run_id, claimant, now) for run_id in run_ids if run_id in left]
        return [run for run in claimed if run and run.status is RunStatus.RUNNING]

    @reads
    def next_due(self, connection: Connection, graphs: Collection[str]) -> datetime | None:
        """When the next ready run of these graphs becomes due; None if none waits."""
        due: datetime | None = connection.execute(_NEXT_DUE, {"graphs": sorted(graphs)}).scalar_one_or_none()
        return due

    @reads
    def stranded(self, connection: Connection, graphs: Collection[str]) -> list[Stranded]:
        """What waits for a worker though it is due, of other graphs than these."""
        rows = connection.execute(_STRANDED, {"graphs": sorted(graphs), "now": self._clock.now()})
        return [Stranded(*row) for row in rows]

    @writes
    def renew(
        self, connection: Connection, claimant: Claimant, attempts: Sequence[tuple[str, int]]
    ) -> dict[str, StopReason | None]:
        """Prolong the leases of these (run_id, attempt) pairs in one transaction.

        Returns the runs still held, each with the stop its owner asked for, if any.
        """
        statement = (
            update(runs)
            .where(
                # SQLite finds rows by the first of these, and has no index for the second
                runs.c.run_id.in_([run_id for run_id, _ in attempts]),
                tuple_(runs.c.run_id, runs.c.attempt).in_(attempts),
                is_running(),
                runs.c.lease_owner == claimant.worker,
            )
            .values(lease_until=self._clock.now() + claimant.lease)
            .returning(runs.c.run_id, runs.c.stop_requested)
        )
        rows = connection.execute(statement).all()
        return {row.run_id: StopReason(row.stop_requested) if row.stop_requested else None for row in rows}

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
        if (row := connection.execute(_HELD, _lease_of(run)).one_or_none()) is None:
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
        changes = {**_lease_of(run), "crashed": int(crashed), "now": self._clock.now()}
        if connection.execute(_GIVE_BACK, changes).rowcount != 1:
            write_late_usage(connection, run.run_id, entries)
            return False
        write_entries(connection, entries)
        return True

    @writes
    def take_over(self, connection: Connection, abandoned: Abandoned, claimant: Claimant) -> Abandoned | None:
        """Own an abandoned run, which its worker cannot renew from here on. None if it did, or others were quicker.

        That worker may still be at it: it is to be kept from saving checkpoints before anything else is done.
        """
        now = self._clock.now()
        changes = {**_abandoned(abandoned), "now": now, "taker": claimant.worker, "lease_end": now + claimant.lease}
        row = connection.execute(_TAKE_OVER, changes).one_or_none()
        return Abandoned(run_from_row(row), row.crashes, row.lease_until) if row else None

    @writes
    def requeue_abandoned(self, connection: Connection, taken: Abandoned) -> bool:
        """Give a run that was taken over back to the queue, one crash later. False if its worker has ended it."""
        take_turn(connection, taken.run.thread_id)
        changes = {**_abandoned(taken), "crashed": 1, "now": self._clock.now()}
        return connection.execute(_GIVE_BACK.where(_IS_ABANDONED), changes).rowcount == 1

    @writes
    def supersede(self, connection: Connection, taken: Abandoned) -> Run | None:
        """Let an attempt of one's own follow that of a run that was taken over. None if its worker has ended it.

        From here on that worker neither tells events nor ends the run.
        """
        take_turn(connection, taken.run.thread_id)
        row = connection.execute(_SUPERSEDE, _abandoned(taken)).one_or_none()
        return run_from_row(row) if row else None

    async def expired(self, *, everything: bool = False) -> list[Abandoned]:
        """Running runs whose lease has ended.

        `everything`: all running runs, for the start of a process that owns the database alone.
        """
        found = []
        for row in await self._running(everything=everything):
            try:
                found.append(Abandoned(run_from_row(row), row.crashes, row.lease_until))
            except Unreadable as exc:
                await self._retire(row.run_id, row.thread_id, exc)
        return found

    @reads
    def _running(self, connection: Connection, *, everything: bool) -> Sequence[Row[Any]]:
        query = select(runs).where(is_running())
        if not everything:
            query = query.where(runs.c.lease_until < self._clock.now())
        return connection.execute(query).all()

    @writes
    def _retire(self, connection: Connection, run_id: str, thread_id: str, reason: Unreadable) -> None:
        take_turn(connection, thread_id)
        now = self._clock.now()
        retire(connection, run_id, reason, now)
        promote(connection, thread_id, None, now)
        settle(connection, thread_id, now)

    @reads
    def active_among(self, connection: Connection, run_ids: Sequence[str]) -> set[str]:
        """Those of the runs that have not ended."""
        query = select(runs.c.run_id).where(runs.c.run_id.in_(run_ids), is_active())
        return set(connection.execute(query).scalars())

    @reads
    def active_counts(self, connection: Connection) -> dict[RunStatus, int]:
        """How many runs are pending and running now."""
        query = select(runs.c.status, func.count()).where(is_active()).group_by(runs.c.status)
        counts = {RunStatus(status): count for status, count in connection.execute(query)}
        return {status: counts.get(status, 0) for status in ACTIVE}


def _is_gone(connection: Connection, run: Run) -> bool:
    return connection.execute(_EXISTS, {"key": run.run_id}).one_or_none() is None


def _gives_way_to(outcome: RunOutcome) -> tuple[StopReason, ...]:
    if outcome.status is RunStatus.INTERRUPTED:
        return (StopReason.ROLLBACK, StopReason.DELETE)
    return tuple(StopReason)


def _abandoned(abandoned: Abandoned) -> dict[str, Any]:
    return {**_lease_of(abandoned.run), "until": abandoned.lease_until}


def _lease_of(run: Run) -> dict[str, Any]:
    return {"key": run.run_id, "token": run.attempt}
