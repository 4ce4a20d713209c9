"""Runs as those see them who may take them: what waits, what is due, and what was left by a worker that died.

No viewer: workers serve everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, func, select

from runline.errors import Unreadable
from runline.kit.clock import Clock
from runline.model.lifecycle import ACTIVE, RunStatus
from runline.model.run import Run
from runline.storage.engine import Database, reads, take_turn, writes
from runline.storage.leases import GIVE_BACK, OF_ATTEMPT, lease_of
from runline.storage.queue import Claimant, claim_run, promote, retire, settle
from runline.storage.rows import run_from_row
from runline.storage.tables import is_active, is_claimable, is_running, runs


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
_IS_ABANDONED = runs.c.lease_until == bindparam("until")
_TAKE_OVER = (
    OF_ATTEMPT.where(_IS_ABANDONED)
    .values(lease_owner=bindparam("taker"), lease_until=bindparam("lease_end"), updated_at=bindparam("now"))
    .returning(runs)
)
_SUPERSEDE = OF_ATTEMPT.where(_IS_ABANDONED).values(attempt=runs.c.attempt + 1).returning(runs)


class ClaimStore:
    """Runs on their way to a worker, from the queue or from one that died."""

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
        return connection.execute(GIVE_BACK.where(_IS_ABANDONED), changes).rowcount == 1

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


def _abandoned(abandoned: Abandoned) -> dict[str, Any]:
    return {**lease_of(abandoned.run), "until": abandoned.lease_until}
