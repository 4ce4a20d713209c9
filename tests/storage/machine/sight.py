"""All rows of threads and runs at one moment, and what must be true of them, alone and from one moment to the next."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from runline.model.lifecycle import ACTIVE, RunStatus, ThreadStatus
from runline.model.run import Run
from storage.world import World


@dataclass(frozen=True)
class Sight:
    """The rows by id; `queues` has each thread's active runs in the order in which they are due."""

    threads: dict[str, Any] = field(default_factory=dict)
    runs: dict[str, Any] = field(default_factory=dict)
    queues: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    async def of(cls, world: World) -> Sight:
        threads, runs = await world.all_rows()
        sight = cls({row.thread_id: row for row in threads}, {row.run_id: row for row in runs})
        for row in sorted(runs, key=lambda row: (row.due_at, row.run_id)):
            if row.status in ACTIVE:
                sight.queues[row.thread_id].append(row)
        return sight

    @property
    def active(self) -> list[Any]:
        """All active runs."""
        return [row for queue in self.queues.values() for row in queue]

    def held(self, thread_id: str) -> bool:
        """Whether a state update or a deletion has the thread's slot."""
        return thread_id in self.threads and self.threads[thread_id].held_until is not None

    def holds(self, run: Run) -> bool:
        """Whether this attempt still owns its run."""
        row = self.runs.get(run.run_id)
        return row is not None and row.status == RunStatus.RUNNING and row.attempt == run.attempt

    def startable(self, now: datetime) -> list[str]:
        """The runs that a worker is to be given now, in this order."""
        ready = [row for row in self.active if row.ready and row.due_at <= now]
        return [row.run_id for row in sorted(ready, key=lambda row: (row.due_at, row.created_at))]

    def check(self) -> None:
        """What is true at any moment."""
        for thread in self.threads.values():
            self._check_thread(thread, self.queues[thread.thread_id])
        for row in self.runs.values():
            assert row.thread_id in self.threads
            assert (row.lease_owner is None) == (row.lease_until is None) == (row.status != RunStatus.RUNNING)
            assert (row.ended_at is None) == (row.status in ACTIVE)
            assert not row.ready or row.status == RunStatus.PENDING

    def _check_thread(self, thread: Any, queue: list[Any]) -> None:
        running = [row for row in queue if row.status == RunStatus.RUNNING]
        assert len(running) <= 1, "at most one run of a thread runs"
        held = thread.held_until is not None
        assert thread.status == (ThreadStatus.BUSY if queue or held else thread.resting)
        ready = [row for row in queue if row.ready]
        assert ready in ([], queue[:1]), "only the first may go"
        assert len({row.due_at for row in queue}) == len(queue), "each has a place of its own"
        assert not (running and ready), "and only alone"
        assert running or ready or held or not queue, "nobody waits for nothing"
        kept = queue or any(row.thread_id == thread.thread_id and row.resumable for row in self.runs.values())
        assert kept or not thread.hidden, "the thread of a stateless run goes with it"

    def check_after(self, before: Sight) -> None:
        """What is true of any step: how runs may change from one moment to the next."""
        for run_id in before.runs.keys() & self.runs.keys():
            was, row = before.runs[run_id], self.runs[run_id]
            if was.status not in ACTIVE:
                assert (row.status, row.attempt, row.ended_at, row.error) == (
                    *(was.status, was.attempt, was.ended_at, was.error),
                ), "a terminal status never changes"
            assert row.crashes >= was.crashes
            if was.status != RunStatus.RUNNING:
                self._check_start(was.attempt, row)
            else:
                assert row.attempt == was.attempt
        for run_id in self.runs.keys() - before.runs.keys():
            self._check_start(0, self.runs[run_id])
        waited = {row.run_id for row in self.active if not self._was_let_go(before, row.run_id)}
        for row in self.active:
            if row.run_id in waited and self.held(row.thread_id) and before.held(row.thread_id):
                assert not row.ready, "who waits for a hold goes on waiting"
                assert row.status == RunStatus.PENDING

    @staticmethod
    def _was_let_go(before: Sight, run_id: str) -> bool:
        was = before.runs.get(run_id)
        return was is not None and (was.ready == 1 or was.status == RunStatus.RUNNING)

    def _check_start(self, attempt: int, row: Any) -> None:
        started = row.status == RunStatus.RUNNING
        assert row.attempt == attempt + started, "each start is an attempt more"
        assert not started or self.queues[row.thread_id][0] is row, "nobody overtakes"
