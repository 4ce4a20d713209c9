"""The statements that keep a thread's queue and its status true; each runs inside a caller's transaction.

Rule: a thread's `status` is derived from its runs in the transaction that changes them, so it cannot be stuck.
A thread's runs start in the order of their `due_at`, which no two of its active runs share and none changes: one that
is delayed is overtaken by those that are due before it, and by no others.

Statements are built once, with parameters: building them anew was measured as nearly half of an admission's time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    Connection,
    Select,
    String,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from runline.errors import Unreadable
from runline.kit.clock import Clock
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.model.run_ends import error_event
from runline.model.thread import ThreadState
from runline.storage.engine import tell
from runline.storage.ordinals import next_ordinal, note_removed
from runline.storage.outbox import post_stop
from runline.storage.rows import run_from_row
from runline.storage.run_log import write_events, write_stop
from runline.storage.tables import is_active, is_claimable, runs, threads
from runline.storage.terms import index_terms
from runline.storage.undone_runs import note_undone

log = structlog.get_logger()


@dataclass(slots=True)
class Claim:
    """An attempt that was begun for a worker, by a transaction that has yet to end or to be heard of.

    Times are by `time.monotonic()`; until `renewed_until` nobody else goes on with the run, if its lease was renewed.
    `is_old`: it was here when leases were renewed the last time.
    """

    attempt: int
    made_at: float = field(default_factory=time.monotonic)
    renewed_until: float = -math.inf
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class Claimant:
    """A worker that takes a run of its `graphs` if one is ready, for as long as its lease unless that is renewed.

    The lease begins in the transaction that takes the run, however long that had to wait for its turn. `claims` are
    what was taken for it, by run, until it takes them from there: the database's threads put them in, and the keeper's
    reads them, so each access is one that no other thread can come between.
    """

    worker: str
    lease: timedelta
    graphs: frozenset[str] = frozenset()
    claims: dict[str, Claim] = field(default_factory=dict, compare=False)

    def takes(self, run: Run, now: datetime) -> bool:
        """Whether it can execute the run now."""
        return run.graph_id in self.graphs and run.is_due(now)

    def note(self, run: Run) -> None:
        """A transaction takes this run for it."""
        self.claims[run.run_id] = Claim(run.attempt)

    def forget_old(self) -> None:
        """Forget claims that were here the last time already: they, or who asked for them, came to nothing.

        No clock tells: a loop that stood still has yet to hear of claims that were made long ago.
        """
        for run_id, claim in self.claims.copy().items():
            if claim.is_old:
                del self.claims[run_id]
            claim.is_old = True


# for update: a worker that claims waits for no thread's turn, but for the run
_ACTIVE_RUNS = (
    select(runs)
    .where(runs.c.thread_id == bindparam("key"), is_active())
    .order_by(runs.c.due_at, runs.c.run_id)
    .with_for_update()
)
# by creation, when a run changes its thread's metadata and config, in whatever order they start
_NEXT_RUN = (
    select(runs.c.run_id)
    .where(runs.c.thread_id == bindparam("key"), runs.c.created_at >= bindparam("born"))
    .order_by(runs.c.created_at, runs.c.run_id)
    .limit(1)
)
_QUEUE = _ACTIVE_RUNS.where(~exists().where(threads.c.thread_id == runs.c.thread_id, threads.c.held_until.is_not(None)))
_DROP_THREAD = delete(threads).where(threads.c.thread_id == bindparam("key"))
_RETIRE = update(runs).where(runs.c.run_id == bindparam("key")).returning(runs.c.thread_id)
_MARK_READY = update(runs).where(runs.c.run_id == bindparam("key")).values(ready=1)
_MAKE_WAY = update(runs).where(runs.c.thread_id == bindparam("key"), is_active(), is_claimable()).values(ready=0)
_CLAIM = (
    update(runs)
    .where(runs.c.run_id == bindparam("key"), runs.c.status == literal_column("'pending'"))
    .values(
        status=RunStatus.RUNNING,
        ready=0,
        attempt=runs.c.attempt + 1,
        ordinal=func.coalesce(runs.c.ordinal, next_ordinal(runs.c.thread_id)),
    )
    .returning(runs)
)
_others = runs.alias("others")
HAS_ACTIVE = exists().where(runs.c.thread_id == threads.c.thread_id, is_active())
"""Whether a thread has active runs. Who has its turn and sees none need not ask for them."""

IS_FOLLOWED = exists().where(
    _others.c.thread_id == runs.c.thread_id, _others.c.run_id != runs.c.run_id, is_active(_others)
)
"""Whether a run's thread has other active runs. Who has its turn and sees none need not `promote`."""

_SETTLE = (
    update(threads)
    .where(threads.c.thread_id == bindparam("key"))
    .values(
        status=case(
            (or_(threads.c.held_until.is_not(None), HAS_ACTIVE), literal_column("'busy'")),
            else_=func.coalesce(bindparam("rests", type_=String), threads.c.resting),
        )
    )
)


def active_runs(connection: Connection, thread_id: str, clock: Clock) -> list[Run]:
    """The thread's pending and running runs, in the order in which they start."""
    return _sound_runs(connection, _ACTIVE_RUNS, thread_id, clock.now)


def make_way(connection: Connection, thread_id: str) -> None:
    """Nobody may claim a run of the thread: one comes that is due before them all."""
    tell(connection, _MAKE_WAY, {"key": thread_id})


def _sound_runs(connection: Connection, query: Select[Any], thread_id: str, now: Callable[[], datetime]) -> list[Run]:
    """The runs of a thread; one that cannot be read is ended, or it would keep its thread busy for ever."""
    sound = []
    for row in connection.execute(query, {"key": thread_id}).all():
        try:
            sound.append(run_from_row(row))
        except Unreadable as exc:
            retire(connection, row.run_id, exc, now())
    return sound


def retire(connection: Connection, run_id: str, reason: Unreadable, now: datetime) -> None:
    """End a run that cannot be read."""
    log.error("a run is ended", reason=str(reason))
    error = {"error": "Unreadable", "message": str(reason)}
    end = {"status": RunStatus.ERROR, "error": error, "ended_at": now, "updated_at": now, "ready": 0}
    for row in connection.execute(_RETIRE, {"key": run_id, **end}).all():
        write_events(connection, [error_event(row.thread_id, run_id, error, now)])


def promote(connection: Connection, thread_id: str, claimant: Claimant | None, now: datetime) -> Run | None:
    """Let the thread's next run go: claim it for `claimant` if that takes it, else mark it ready for any worker.

    Returns it, running or pending. Does nothing while a run of the thread is running or a state update holds its slot.
    """
    queue = _sound_runs(connection, _QUEUE, thread_id, lambda: now)
    if not queue or any(run.status is RunStatus.RUNNING for run in queue):
        return None
    head = queue[0]
    if claimant and claimant.takes(head, now):
        return claim_run(connection, head.run_id, claimant, now)
    tell(connection, _MARK_READY, {"key": head.run_id})
    return head


def claim_run(connection: Connection, run_id: str, claimant: Claimant, now: datetime) -> Run | None:
    """Make a pending run the claimant's: running, with one more attempt and a lease.

    Returns it; or the one behind it, as `promote` does, if it cannot be read; or None if it is not pending any more.
    """
    changes = {
        "key": run_id,
        "lease_owner": claimant.worker,
        "lease_until": now + claimant.lease,
        "started_at": now,
        "updated_at": now,
    }
    row = connection.execute(_CLAIM, changes).one_or_none()
    if row is None:
        return None
    try:
        run = run_from_row(row)
    except Unreadable as exc:
        retire(connection, run_id, exc, now)
        promoted = promote(connection, row.thread_id, claimant, now)
        settle(connection, row.thread_id, now)
        return promoted
    claimant.note(run)
    return run


def settle(connection: Connection, thread_id: str, now: datetime, **changes: Any) -> None:
    """Derive the thread's status from its runs, writing `changes` to its row on the way."""
    row = {"key": thread_id, "rests": changes.get("resting"), "updated_at": now, **changes}
    tell(connection, _SETTLE, row)


def state_columns(state: ThreadState | None, now: datetime) -> dict[str, Any]:
    """What `settle` writes of a state; None leaves the thread's as it is."""
    if state is None:
        return {}
    resting = {"resting": state.resting, "error": state.error}
    if not state.known:
        return resting
    return {**resting, "state_values": state.values, "interrupts": state.interrupts, "state_updated_at": now}


def remove_run(connection: Connection, run: Run, *, keep_graph: bool = False) -> None:
    """Delete a run's row and give the thread back what it was before, or hand that to the run after it.

    `keep_graph`: state is left that only the thread's present graph can read.
    """
    statement = delete(runs).where(runs.c.run_id == run.run_id)
    gone = connection.execute(statement.returning(runs.c.thread_id, runs.c.ordinal, runs.c.before)).one_or_none()
    if gone is None:
        return
    note_removed(connection, gone)
    before = gone.before
    heir = connection.execute(_NEXT_RUN, {"key": run.thread_id, "born": run.created_at}).scalar_one_or_none()
    if heir:
        connection.execute(update(runs).where(runs.c.run_id == heir).values(before=before))
    else:
        _restore(connection, run.thread_id, before, keep_graph=keep_graph)


def _restore(connection: Connection, thread_id: str, before: dict[str, Any], *, keep_graph: bool) -> None:
    query = select(threads.c.owner, threads.c.metadata).where(threads.c.thread_id == thread_id)
    if (thread := connection.execute(query).one_or_none()) is None:
        return
    metadata = dict(thread.metadata)
    for key in ("graph_id", "assistant_id"):
        if before.get(key) is not None:
            metadata[key] = before[key]
        elif not keep_graph:
            metadata.pop(key, None)
    connection.execute(
        update(threads).where(threads.c.thread_id == thread_id).values(metadata=metadata, config=before["config"])
    )
    index_terms(connection, thread.owner, thread_id, metadata, thread.metadata)


def drop_thread(connection: Connection, run: Run) -> None:
    """Delete the thread of a stateless run, and the run with it."""
    tell(connection, _DROP_THREAD, {"key": run.thread_id})


def end_evicted(connection: Connection, run: Run, reason: StopReason, now: datetime) -> None:
    """Carry out an eviction or a cancel: a run that never started ends here, another is asked to stop."""
    if run.started:
        # a rollback or delete may follow an interrupt, never the other way round
        keep = runs.c.stop_requested.in_([StopReason.ROLLBACK, StopReason.DELETE])
        wanted = case((keep, runs.c.stop_requested), else_=reason)
        connection.execute(
            update(runs).where(runs.c.run_id == run.run_id).values(stop_requested=wanted, updated_at=now)
        )
        return
    post_stop(connection, run, reason, now)
    write_stop(connection, run, reason, now)
    if run.vanishes or (run.traceless and reason in (StopReason.ROLLBACK, StopReason.DELETE)):
        drop_thread(connection, run)
    elif reason in (StopReason.INTERRUPT, StopReason.DISCONNECT):
        connection.execute(
            update(runs)
            .where(runs.c.run_id == run.run_id)
            .values(status=RunStatus.INTERRUPTED, ready=0, ended_at=now, updated_at=now)
        )
    else:
        remove_run(connection, run)
        note_undone(connection, run, now)
