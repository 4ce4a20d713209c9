"""What the rules about queues share: the stores, what workers and owners remember, and what must be true always."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant
from sqlalchemy import delete

from kit.exploring import OwnLoop
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.storage.engine import Database
from runline.storage.queue import Claimant
from runline.storage.runs import QueueLimits, RunStore
from runline.storage.tables import idempotency_keys, threads, webhook_deliveries
from runline.storage.threads import Hold
from storage.machine.sight import Sight
from storage.machine.told import check_told
from storage.world import World

T = TypeVar("T")

LIMITS = QueueLimits(per_thread=5, total=9)
UNDOING = (StopReason.ROLLBACK, StopReason.DELETE)

THREADS = st.sampled_from([0, 0, 1])
WORKERS = st.sampled_from(["first", "second"])


class Stores(RuleBasedStateMachine):
    """The stores over one database, emptied for each example, and what was done to them."""

    def __init__(self, loop: OwnLoop, database: Database) -> None:
        super().__init__()
        self.loop = loop
        world = World.over(database)
        self.world = replace(world, runs=RunStore(database, world.clock, LIMITS))
        self.thread_ids = [new_id() for _ in range(2)]
        self.grips: list[Run] = []  # runs that a worker believes to be its own, rightly or not
        self.known: list[Run] = []  # runs whose creation was acknowledged
        self.holds: list[Hold] = []
        self.keys: dict[str, tuple[str, str]] = {}
        self.taken: set[str] = set()  # runs that were taken back
        self.sight = Sight()
        self.sound = True
        for table in (threads, idempotency_keys, webhook_deliveries):
            self.do(world.execute(delete(table)))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Await it. What it leaves behind is not known to be sound until it was looked at."""
        self.sound = False
        return self.loop.do(work)

    @invariant()
    def rows_are_true(self) -> None:
        before, self.sight = self.sight, self.loop.do(Sight.of(self.world))
        self.sight.check()
        self.sight.check_after(before)
        lost = {run.run_id for run in self.known} - self.taken - self.sight.runs.keys()
        assert not lost, "no run that was acknowledged is lost"
        self.loop.do(check_told(self.world, self.sight))
        self.check_more()
        self.sound = True

    def check_more(self) -> None:
        """What else a machine holds true at any moment."""

    def nothing_changed(self) -> None:
        """For what must be refused, or be without effect."""
        after = self.loop.do(Sight.of(self.world))
        assert (after.threads, after.runs) == (self.sight.threads, self.sight.runs)

    def claimant(self, worker: str | None) -> Claimant | None:
        return self.world.claimant(worker) if worker else None

    def believe(self, run: Run | None) -> None:
        if run and run.status is RunStatus.RUNNING:
            self.grips.append(run)

    def vanishes(self, row: Any) -> bool:
        """Whether nothing is to be left of a run when it has ended."""
        return bool(self.sight.threads[row.thread_id].hidden and not row.resumable)

    def expect_stops(self, stopped: list[Any], reason: StopReason) -> None:
        """Those that never started have ended or are gone; the others are asked to stop, and a rollback stays one."""
        after = self.loop.do(Sight.of(self.world))
        for was in stopped:
            row = after.runs.get(was.run_id)
            if was.attempt:
                keep = was.stop_requested in UNDOING
                assert row
                assert row.stop_requested == (was.stop_requested if keep else reason)
            elif reason in UNDOING or self.vanishes(was):
                assert row is None
                self.taken.add(was.run_id)
            else:
                assert row
                assert row.status == RunStatus.INTERRUPTED
