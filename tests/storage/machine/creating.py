"""Rules: runs are created, on threads and without, by every strategy, up to the limits, and by keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from runline.errors import Conflict, NotFound, RunlineError, ThreadBusy, TooMany
from runline.kit.ids import new_id
from runline.model.idempotency import IdempotencyKey
from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason
from runline.model.run import Run
from storage.machine.stores import LIMITS, THREADS, WORKERS, Stores
from storage.machine.told import with_webhook
from storage.world import ASSISTANT

EVICTING = st.sampled_from([MultitaskStrategy.INTERRUPT, MultitaskStrategy.ROLLBACK])
OFFERED = st.none() | WORKERS
DELAYS = st.sampled_from([0, 0, 0, 5])


class Creating(Stores):
    """Clients that create runs."""

    @rule(thread=THREADS, delay=DELAYS, worker=OFFERED, resumable=st.booleans())
    def enqueue_run(self, thread: int, delay: int, worker: str | None, resumable: bool) -> None:
        spec: dict[str, Any] = {"after_seconds": delay, "stream_resumable": resumable}
        self._admit(self.world.run(self.thread_ids[thread], create_thread=True, **spec), worker)

    @rule(thread=THREADS, worker=OFFERED)
    def create_run_unless_busy(self, thread: int, worker: str | None) -> None:
        strategy = MultitaskStrategy.REJECT
        run = self.world.run(self.thread_ids[thread], create_thread=True, multitask_strategy=strategy)
        self._admit(run, worker)

    @rule(thread=THREADS, strategy=EVICTING, delay=DELAYS, worker=OFFERED)
    def create_run_instead(self, thread: int, strategy: MultitaskStrategy, delay: int, worker: str | None) -> None:
        spec: dict[str, Any] = {"multitask_strategy": strategy, "after_seconds": delay}
        self._admit(self.world.run(self.thread_ids[thread], create_thread=True, **spec), worker)

    @rule(keep=st.booleans(), resumable=st.booleans(), delay=DELAYS, worker=OFFERED)
    def create_stateless_run(self, keep: bool, resumable: bool, delay: int, worker: str | None) -> None:
        spec: dict[str, Any] = {"keep_thread": keep, "stream_resumable": resumable, "after_seconds": delay}
        self._admit(self.world.run(new_id(), create_thread=True, temporary=True, **spec), worker)

    @rule(thread=THREADS, worker=OFFERED)
    def create_run_on_existing_thread(self, thread: int, worker: str | None) -> None:
        self._admit(self.world.run(self.thread_ids[thread]), worker)

    @rule(thread=THREADS, name=st.sampled_from("ab"), request=st.sampled_from("xy"))
    def create_run_by_key(self, thread: int, name: str, request: str) -> None:
        run, key = self.world.run(self.thread_ids[thread], create_thread=True), IdempotencyKey(name, request)
        if name not in self.keys:
            if self._admit(run, None, key):
                self.keys[name] = (request, run.run_id)
            return
        known, run_id = self.keys[name]
        if known != request or run_id not in self.sight.runs:
            with pytest.raises(Conflict):
                self.do(self.world.runs.admit(run, ASSISTANT, None, key))
        else:
            again = self.do(self.world.runs.admit(run, ASSISTANT, None, key))
            assert (again.run.run_id, again.is_new) == (run_id, False)
        self.nothing_changed()

    def _admit(self, run: Run, worker: str | None, key: IdempotencyKey | None = None) -> bool:
        run = with_webhook(run)
        starts = worker is not None and self._may_start(run)
        if refusal := self._refusal(run, starts=starts):
            with pytest.raises(refusal):
                self.do(self.world.runs.admit(run, ASSISTANT, self.claimant(worker), key))
            self.nothing_changed()
            return False
        admitted = self.do(self.world.runs.admit(run, ASSISTANT, self.claimant(worker), key))
        assert admitted.run.status == (RunStatus.RUNNING if starts else RunStatus.PENDING)
        self.known.append(admitted.run)
        self.believe(admitted.run)
        self._expect_evictions(run)
        return True

    def _may_start(self, run: Run) -> bool:
        queue = self.sight.queues[run.thread_id]
        if self.sight.held(run.thread_id) or run.spec.after_seconds:
            return False
        if run.spec.multitask_strategy is MultitaskStrategy.ENQUEUE:
            return self._goes_first(run)
        return not any(row.attempt for row in queue)

    def _goes_first(self, run: Run) -> bool:
        """Whether none but delayed runs stand on the thread."""
        first = next(iter(self.sight.queues[run.thread_id]), None)
        overtakes = first is None or not (first.attempt or first.due_at <= self.world.clock.told)
        return overtakes and not (self.sight.held(run.thread_id) or run.spec.after_seconds)

    def _refusal(self, run: Run, *, starts: bool) -> type[RunlineError] | None:
        """Why this run must not be admitted now."""
        queue, strategy = self.sight.queues[run.thread_id], run.spec.multitask_strategy
        if run.thread_id not in self.sight.threads and not run.spec.create_thread:
            return NotFound
        if strategy is MultitaskStrategy.REJECT and (queue or self.sight.held(run.thread_id)):
            return ThreadBusy
        full = strategy is MultitaskStrategy.ENQUEUE and len(queue) >= LIMITS.per_thread
        if full and not self._goes_first(run):
            return TooMany
        return TooMany if not starts and len(self.sight.active) >= LIMITS.total else None

    def _expect_evictions(self, run: Run) -> None:
        strategy = run.spec.multitask_strategy
        if strategy in (MultitaskStrategy.INTERRUPT, MultitaskStrategy.ROLLBACK):
            self.expect_stops(self.sight.queues[run.thread_id], StopReason(strategy))
