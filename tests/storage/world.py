"""A storage to try things on: a clock that stands still, stores over one database, and runs to admit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Executable, String, Table, func, literal, select, update

from runline.kit.ids import new_id
from runline.model.assistant import Assistant, graph_assistant_id
from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason, ThreadStatus
from runline.model.run import Run, RunOutcome, RunSpec
from runline.model.thread import Thread, ThreadState
from runline.model.viewer import ANONYMOUS, Viewer
from runline.storage.assistants import AssistantStore
from runline.storage.claims import ClaimStore
from runline.storage.deliveries import DeliveryStore
from runline.storage.engine import Database
from runline.storage.leases import Ending, LeaseStore
from runline.storage.queue import Claimant
from runline.storage.runs import Admitted, RunFilter, RunStore
from runline.storage.tables import metadata, runs, threads
from runline.storage.threads import Hold, ThreadStore
from runline.storage.versions import VersionStore

IN_SQLITE = pytest.mark.parametrize("options", ["sqlite"], indirect=True)
"""For what is not of the contract but of SQLite's ways."""

START = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=15)

SUCCESS = RunOutcome(RunStatus.SUCCESS)
FAILED = RunOutcome(RunStatus.ERROR, {"error": "ValueError", "message": "no"})
INTERRUPTED = RunOutcome(RunStatus.INTERRUPTED)

ALICE, BOB = Viewer("alice"), Viewer("bob")

ASSISTANT = Assistant(
    assistant_id=graph_assistant_id("echo"),
    graph_id="echo",
    owner="",
    name="echo",
    description=None,
    version=1,
    created_at=START,
    updated_at=START,
)

GRAPHS = frozenset({ASSISTANT.graph_id})
"""What workers know."""


def state(values: Any = None, resting: ThreadStatus = ThreadStatus.IDLE, **more: Any) -> ThreadState:
    return ThreadState(resting, values, more.get("interrupts", {}), more.get("error"))


class StandingClock:
    """Moves only when it is told to, and by a microsecond when it is read."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now

    @property
    def told(self) -> datetime:
        """What it said last."""
        return self._now

    def pass_(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class World:
    """All stores over one database."""

    database: Database
    clock: StandingClock
    threads: ThreadStore
    runs: RunStore
    claims: ClaimStore
    leases: LeaseStore
    assistants: AssistantStore
    versions: VersionStore
    deliveries: DeliveryStore
    holds: dict[str, Hold] = field(default_factory=dict)

    @classmethod
    def over(cls, database: Database) -> World:
        clock = StandingClock()
        return cls(
            database,
            clock,
            ThreadStore(database, clock),
            RunStore(database, clock),
            ClaimStore(database, clock),
            LeaseStore(database, clock),
            AssistantStore(database, clock),
            VersionStore(database, clock),
            DeliveryStore(database, clock),
        )

    def claimant(self, worker: str = "worker") -> Claimant:
        return Claimant(worker, LEASE, GRAPHS)

    def run(self, thread_id: str, viewer: Viewer = ANONYMOUS, **spec: Any) -> Run:
        """A run that was not admitted yet."""
        now = self.clock.now()
        wanted = RunSpec(assistant_id=ASSISTANT.assistant_id, **spec)
        return Run(
            run_id=new_id(),
            thread_id=thread_id,
            graph_id=ASSISTANT.graph_id,
            owner=viewer.identity,
            status=RunStatus.PENDING,
            spec=wanted,
            metadata=wanted.metadata,
            created_at=now,
            updated_at=now,
            due_at=now + timedelta(seconds=wanted.after_seconds),
        )

    async def admit(self, thread_id: str, *, start: bool = False, **spec: Any) -> Admitted:
        """Admit a run; `start` offers it a worker at once."""
        if isinstance(strategy := spec.get("multitask_strategy"), str):
            spec["multitask_strategy"] = MultitaskStrategy(strategy)
        return await self.runs.admit(self.run(thread_id, **spec), ASSISTANT, self.claimant() if start else None)

    async def add(self, thread_id: str, **spec: Any) -> Run:
        return (await self.admit(thread_id, **spec)).run

    async def start(self, thread_id: str, **spec: Any) -> Run:
        """Admit a run that starts at once."""
        run = await self.add(thread_id, start=True, **spec)
        assert run.status is RunStatus.RUNNING
        return run

    async def claim(self, limit: int = 10) -> list[Run]:
        return await self.claims.claim(self.claimant(), limit)

    async def finish(self, run: Run, outcome: RunOutcome = SUCCESS, *, successor: bool = False) -> Ending:
        return await self.leases.finish(run, outcome, state(), self.claimant() if successor else None)

    async def stop(self, run: Run, reason: StopReason) -> list[Run]:
        return await self.runs.request_stop(Viewer(run.owner), RunFilter(run_ids=(run.run_id,)), reason)

    async def thread(self, thread_id: str | None = None, viewer: Viewer = ANONYMOUS, **metadata: Any) -> Thread:
        return await self.threads.create(viewer, thread_id, metadata, exist_ok=False)

    async def get_thread(self, thread_id: str, viewer: Viewer = ANONYMOUS) -> Thread:
        return await self.threads.get(viewer, thread_id)

    async def come_to(self, thread_id: str, state: ThreadState) -> None:
        """Bring a thread to a state as a state update does."""
        await self.hold(thread_id)
        await self.release(thread_id, state)

    async def hold(self, thread_id: str, seconds: float = 15, *, beside_runs: bool = False) -> Hold | None:
        """Hold a thread's slot, and remember the hold for `release`."""
        hold = await self.threads.hold(ANONYMOUS, thread_id, seconds, beside_runs=beside_runs)
        if hold:
            self.holds[thread_id] = hold
        return hold

    async def release(self, thread_id: str, state: ThreadState | None = None) -> None:
        await self.threads.release(self.holds[thread_id], state)

    async def execute(self, statement: Executable) -> None:
        """Change what no store would."""
        await self.database.write(lambda connection: connection.execute(statement))

    async def poison(self, noun: Table, key: str, **texts: str) -> None:
        """Let a row hold texts that no store writes in these columns; `key` is the first of its primary key."""
        here = next(iter(noun.primary_key)) == key
        await self.execute(update(noun).where(here).values({name: literal(raw, String) for name, raw in texts.items()}))

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        query = select(func.count()).select_from(metadata.tables[table])
        return await self.database.read(lambda connection: connection.execute(query).scalar_one())

    async def row(self, run: Run) -> Any:
        """The run's whole row, or None."""
        query = select(runs).where(runs.c.run_id == run.run_id)
        return await self.database.read(lambda connection: connection.execute(query).one_or_none())

    async def statuses(self, thread_id: str) -> list[str]:
        """The statuses of a thread's runs, as they were created; `ready` for a pending one that may be claimed."""
        query = select(runs.c.status, runs.c.ready).where(runs.c.thread_id == thread_id).order_by(runs.c.created_at)
        rows = await self.database.read(lambda connection: connection.execute(query).all())
        return ["ready" if row.ready else row.status for row in rows]

    async def all_rows(self) -> tuple[list[Any], list[Any]]:
        """Every thread and every run, to compare what was before with what is after."""

        def read(connection: Connection) -> tuple[list[Any], list[Any]]:
            return (
                list(connection.execute(select(threads).order_by(threads.c.thread_id)).all()),
                list(connection.execute(select(runs).order_by(runs.c.run_id)).all()),
            )

        return await self.database.read(read)
