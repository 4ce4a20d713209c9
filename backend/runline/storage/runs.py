"""Runs as their owners see them: admit, read, ask to stop.

Divergence 85: a delayed run keeps the time of its creation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select

from runline.errors import RunNotFound, TooMany
from runline.kit.clock import Clock
from runline.model.admission import Admission, decide
from runline.model.assistant import Assistant
from runline.model.cron import Tick
from runline.model.idempotency import IdempotencyKey
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.model.token_usage import NO_USAGE, Usage
from runline.model.ttl import Ttl
from runline.model.viewer import Viewer
from runline.storage.crons import move_on
from runline.storage.engine import Database, reads, take_turn, tell, writes
from runline.storage.idempotency import earlier_run, remember_key
from runline.storage.queue import Claimant, active_runs, end_evicted, make_way, promote, settle
from runline.storage.rows import readable, run_from_row, run_to_row
from runline.storage.tables import is_active, runs
from runline.storage.terms import index_terms
from runline.storage.thread_at_admission import ThreadAtAdmission, insert_thread, thread_at_admission
from runline.storage.usage import usage_by_run


@dataclass(frozen=True, slots=True)
class Admitted:
    """A new run, running if it could be claimed at once, and the runs it evicted as they were before."""

    run: Run
    evicted: tuple[Run, ...] = ()
    reason: StopReason | None = None
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs of a viewer; None means any."""

    thread_id: str | None = None
    run_ids: tuple[str, ...] | None = None
    statuses: tuple[RunStatus, ...] | None = None
    assistant_id: str | None = None


_MOMENT = timedelta(microseconds=1)
Counted = tuple[Run, Usage]
"""A run, and what its calls of models came to so far."""

# made once: to build a statement costs as much as to carry it out
_RUN = select(runs).where(runs.c.run_id == bindparam("key"), runs.c.owner == bindparam("viewer"))
_OF_THREAD = (
    select(runs)
    .where(runs.c.thread_id == bindparam("thread"), runs.c.owner == bindparam("viewer"))
    .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)
_INSERT_RUN = insert(runs)


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """How many runs may be pending or running: of one thread, and over all."""

    per_thread: int = 1000
    total: int = 100_000


class RunStore:
    """The `runs` table, in the scope of a Viewer."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: QueueLimits = QueueLimits(),
        default_ttl: Ttl | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._limits = limits
        self._default_ttl = default_ttl

    @writes
    def admit(
        self,
        connection: Connection,
        run: Run,
        assistant: Assistant,
        claimant: Claimant | None,
        key: IdempotencyKey | None = None,
        tick: Tick | None = None,
    ) -> Admitted:
        """Insert a run, creating its thread if it may, and evict or wait for the thread's others; one transaction.

        The run's metadata becomes the assistant's, the thread's and its own, merged in this order. Its `due_at` is its
        place among all that happens on the thread: it lies behind whatever has begun there. With a claimant the run is
        returned `running` when nothing stands before it. A key that made a run before gives that run again, and
        nothing else happens. A cron's tick is used up by the run. An assistant that is `remembered` must still be so.
        Raises NotFound (no such thread), ThreadBusy, Conflict (the key), TickTaken, TooMany (runs that wait),
        AssistantChanged.
        """
        take_turn(connection, run.thread_id)
        if tick:
            move_on(connection, tick)
        if key and (earlier := earlier_run(connection, run.owner, key)):
            return Admitted(earlier, is_new=False)
        thread = thread_at_admission(connection, run, assistant)
        if not thread.existed:
            insert_thread(connection, run, thread, self._default_ttl)
        active = active_runs(connection, run.thread_id, self._clock) if thread.has_active else []
        run = self._placed(run, thread, active)
        admission = decide(run, active, held=thread.held)
        waits = run.spec.after_seconds or not admission.ready
        if waits and not admission.evicted and len(active) >= self._limits.per_thread:
            raise TooMany(f"Thread {run.thread_id} has {len(active)} active runs; wait for some to finish.")
        if admission.ready and active:
            make_way(connection, run.thread_id)
        run = replace(run, metadata={**assistant.metadata, **thread.metadata_for_runs, **run.spec.metadata})
        run = self._insert(connection, run, thread, admission, claimant)
        self._evict(connection, admission)
        if key:
            remember_key(connection, run, key)
        if thread.existed:
            index_terms(connection, run.owner, run.thread_id, thread.metadata, thread.metadata_before)
            settle(connection, run.thread_id, run.created_at, metadata=thread.metadata, config=thread.config)
        return Admitted(run, admission.evicted, admission.reason)

    def _placed(self, run: Run, thread: ThreadAtAdmission, active: Sequence[Run]) -> Run:
        """The run with its place: behind all that has begun, and where none of the active runs stands.

        Creation is the present moment, so that every delay that is over lies before it.
        """
        created_at = max(self._clock.now(), thread.next_place)
        due_at = created_at + timedelta(seconds=run.spec.after_seconds)
        taken = {other.due_at for other in active}
        while due_at in taken:
            due_at += _MOMENT
        return replace(run, created_at=created_at, updated_at=created_at, due_at=due_at)

    def _refuse_flood(self, connection: Connection) -> None:
        """A run that must wait joins a queue of limited length. Counting stops at the limit."""
        some = select(runs.c.run_id).where(is_active()).limit(self._limits.total).subquery()
        query = select(func.count()).select_from(some)
        if connection.execute(query).scalar_one() >= self._limits.total:
            raise TooMany(f"{self._limits.total} runs are active; wait for some to finish.")

    def _insert(
        self,
        connection: Connection,
        run: Run,
        thread: ThreadAtAdmission,
        admission: Admission,
        claimant: Claimant | None,
    ) -> Run:
        now = self._clock.now()
        start = bool(claimant and admission.ready and claimant.takes(run, now))
        lease: dict[str, Any] = {}
        if start and claimant:
            run = replace(run, status=RunStatus.RUNNING, attempt=1, started_at=now, ordinal=thread.next_ordinal)
            lease = {"lease_owner": claimant.worker, "lease_until": now + claimant.lease}
            claimant.note(run)
        if not start:
            self._refuse_flood(connection)
        ready = int(admission.ready and not start)
        row = run_to_row(run) | lease | {"ready": ready, "crashes": 0, "before": thread.before}
        tell(connection, _INSERT_RUN, row)
        return run

    def _evict(self, connection: Connection, admission: Admission) -> None:
        if admission.reason:
            for victim in admission.evicted:
                end_evicted(connection, victim, admission.reason, self._clock.now())

    @reads
    def made_by(self, connection: Connection, viewer: Viewer, key: IdempotencyKey) -> Run | None:
        """The run that the viewer's key made before; None if it is new. Raises Conflict, as `admit` does."""
        return earlier_run(connection, viewer.identity, key)

    @reads
    def get(self, connection: Connection, viewer: Viewer, run_id: str, thread_id: str | None = None) -> Run:
        """Return one run, optionally only if it is of this thread. Raises RunNotFound."""
        return _get(connection, viewer, run_id, thread_id)

    @reads
    def get_counted(self, connection: Connection, viewer: Viewer, run_id: str, thread_id: str | None = None) -> Counted:
        """Return one run, optionally only if it is of this thread, and its usage. Raises RunNotFound."""
        return counted(connection, [_get(connection, viewer, run_id, thread_id)])[0]

    @reads
    def list_of_thread(
        self, connection: Connection, viewer: Viewer, thread_id: str, status: RunStatus | None, limit: int, offset: int
    ) -> list[Counted]:
        """A thread's runs, newest first, and the usage of each."""
        query = _OF_THREAD.where(runs.c.status == status) if status else _OF_THREAD
        wanted = {"thread": thread_id, "viewer": viewer.identity, "limit": limit, "offset": offset}
        return counted(connection, readable(connection.execute(query, wanted), run_from_row))

    @writes
    def request_stop(self, connection: Connection, viewer: Viewer, wanted: RunFilter, reason: StopReason) -> list[Run]:
        """Ask the viewer's active runs among `wanted` to stop. Returns them as they were."""
        where = [*_where(viewer, wanted), is_active()]
        for thread_id in sorted(connection.execute(select(runs.c.thread_id).where(*where).distinct()).scalars()):
            take_turn(connection, thread_id)
        query = select(runs).where(*where).with_for_update()
        stopping = readable(connection.execute(query), run_from_row)
        now = self._clock.now()
        for run in stopping:
            end_evicted(connection, run, reason, now)
        for thread_id in {run.thread_id for run in stopping}:
            promote(connection, thread_id, None, now)
            settle(connection, thread_id, now)
        return stopping


def _get(connection: Connection, viewer: Viewer, run_id: str, thread_id: str | None) -> Run:
    row = connection.execute(_RUN, {"key": run_id, "viewer": viewer.identity}).one_or_none()
    if row is None or thread_id not in (None, row.thread_id):
        raise RunNotFound(run_id)
    return run_from_row(row)


def counted(connection: Connection, found: Sequence[Run]) -> list[Counted]:
    """The runs, and the usage of each."""
    usages = usage_by_run(connection, [run.run_id for run in found])
    return [(run, usages.get(run.run_id, NO_USAGE)) for run in found]


def _where(viewer: Viewer, wanted: RunFilter) -> Sequence[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [runs.c.owner == viewer.identity]
    if wanted.thread_id:
        clauses.append(runs.c.thread_id == wanted.thread_id)
    if wanted.run_ids is not None:
        clauses.append(runs.c.run_id.in_(wanted.run_ids))
    if wanted.statuses is not None:
        clauses.append(runs.c.status.in_(wanted.statuses))
    if wanted.assistant_id:
        clauses.append(runs.c.assistant_id == wanted.assistant_id)
    return clauses
