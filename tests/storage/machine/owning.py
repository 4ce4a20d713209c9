"""Rules: owners stop and delete runs, hold and delete threads."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kit.exploring import NEWEST, recall
from runline.errors import Conflict, ThreadBusy, ThreadNotFound
from runline.model.lifecycle import StopReason, ThreadStatus
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunFilter
from storage.machine.stores import THREADS, Stores
from storage.world import state

REASONS = st.sampled_from([StopReason.INTERRUPT, StopReason.ROLLBACK, StopReason.DISCONNECT, StopReason.DELETE])


class Owning(Stores):
    """Those whom the threads belong to."""

    @rule(thread=THREADS)
    def create_thread(self, thread: int) -> None:
        creation = self.world.thread(self.thread_ids[thread])
        if self.thread_ids[thread] in self.sight.threads:
            with pytest.raises(Conflict):
                self.do(creation)
            self.nothing_changed()
        else:
            assert self.do(creation).status is ThreadStatus.IDLE

    @precondition(lambda self: self.known)
    @rule(age=NEWEST, reason=REASONS)
    def stop(self, age: int, reason: StopReason) -> None:
        self._stop(RunFilter(run_ids=(recall(self.known, age).run_id,)), reason)

    @rule(thread=THREADS, reason=REASONS)
    def stop_all_of_thread(self, thread: int, reason: StopReason) -> None:
        self._stop(RunFilter(self.thread_ids[thread]), reason)

    def _stop(self, wanted: RunFilter, reason: StopReason) -> None:
        chosen = [
            row
            for row in self.sight.active
            if row.thread_id == wanted.thread_id or row.run_id in (wanted.run_ids or ())
        ]
        stopping = self.do(self.world.runs.request_stop(ANONYMOUS, wanted, reason))
        assert {run.run_id for run in stopping} == {row.run_id for row in chosen}
        self.expect_stops(chosen, reason)

    @rule(thread=THREADS, beside_runs=st.booleans())
    def hold(self, thread: int, beside_runs: bool) -> None:
        thread_id = self.thread_ids[thread]
        attempt = self.world.threads.hold(ANONYMOUS, thread_id, 15, beside_runs=beside_runs)
        row = self.sight.threads.get(thread_id)
        if row is None:
            with pytest.raises(ThreadNotFound):
                self.do(attempt)
        elif row.held_until is None and row.status == ThreadStatus.BUSY and not beside_runs:
            with pytest.raises(ThreadBusy):
                self.do(attempt)
        else:
            hold = self.do(attempt)
            assert (hold is None) == (row.held_until is not None)
            self.holds += [hold] if hold else []

    @precondition(lambda self: self.holds)
    @rule(age=NEWEST, resting=st.sampled_from([ThreadStatus.IDLE, ThreadStatus.INTERRUPTED]))
    def release(self, age: int, resting: ThreadStatus) -> None:
        hold = recall(self.holds, age)
        row = self.sight.threads.get(hold.thread_id)
        self.do(self.world.threads.release(hold, state(resting=resting)))
        if row is None or row.hold_id != hold.hold_id:
            self.nothing_changed()

    @precondition(lambda self: self.known)
    @rule(age=NEWEST)
    def delete_ended_run(self, age: int) -> None:
        """As the manager does it: with the thread's slot, and by the row as it is."""
        row = self.sight.runs.get(recall(self.known, age).run_id)
        if row is None or self.sight.threads[row.thread_id].status == ThreadStatus.BUSY:
            return
        self.do(self._discard_in_slot(row.run_id, row.thread_id))
        self.taken.add(row.run_id)

    async def _discard_in_slot(self, run_id: str, thread_id: str) -> None:
        hold = await self.world.threads.hold(ANONYMOUS, thread_id, 15)
        assert hold
        run = await self.world.runs.get(ANONYMOUS, run_id)
        assert (await self.world.leases.discard(run, state(), None)).held
        await self.world.threads.release(hold)

    @rule(thread=THREADS)
    def delete_thread(self, thread: int) -> None:
        thread_id = self.thread_ids[thread]
        if thread_id not in self.sight.threads:
            return
        active = self.do(self.world.threads.delete(ANONYMOUS, thread_id))
        assert {run.run_id for run in active} == {row.run_id for row in self.sight.queues[thread_id]}
        self.taken |= {row.run_id for row in self.sight.runs.values() if row.thread_id == thread_id}

    @rule(seconds=st.sampled_from([1, 5, 20]))
    def pass_time(self, seconds: int) -> None:
        self.world.clock.pass_(seconds)
