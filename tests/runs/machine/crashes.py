"""Workers that crash, stall and come back, as rules of a state machine: what was taken from them stays taken."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kit.exploring import NEWEST, recall
from runline.model.lifecycle import RunStatus, StopReason
from runline.storage.runs import RunFilter
from runs.machine.process import MAX_ATTEMPTS
from runs.machine.undead import UndeadMachine
from storage.machine.stores import UNDOING


class CrashMachine(UndeadMachine):
    """The reaper, and processes that die with all they executed."""

    @rule(after=st.sampled_from([0, 20]))
    def reap(self, after: int) -> None:
        self.world.clock.pass_(after)
        now = self.world.clock.now()
        expired = [row for row in self.sight.active if row.lease_until and row.lease_until < now]
        assert self.do(self.process.reaper.reap()) == len(expired)
        self._expect_taken_over(expired)
        self._expect_released(now)

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST, reason=st.sampled_from(UNDOING))
    def die_before_undoing(self, age: int, reason: StopReason) -> None:
        """A worker saves, is told to take its run back, and dies."""
        self.save(age, writes=False)
        self._stop(RunFilter(run_ids=(recall(self.grips, age).run_id,)), reason)
        self.rows_are_true()
        self.reap(20)

    @precondition(lambda self: len(self.grips) > 4)
    @rule()
    def restart(self) -> None:
        """Everything that ran was in the process that is gone, and nobody is left who would write for it."""
        self.loop.do(self.stack.aclose())
        self.grips.clear()
        self.lost.clear()
        self.process = self.start_process()
        running = [row for row in self.sight.active if row.status == RunStatus.RUNNING]
        assert self.do(self.process.reaper.reap(everything=True)) == len(running)
        self._expect_taken_over(running)
        self._expect_released(None)

    def _expect_taken_over(self, abandoned: list[Any]) -> None:
        for row in abandoned:
            self.note_lost(row)
            after = self.loop.do(self.world.row(row))
            if row.stop_requested in UNDOING:
                assert after is None
                assert self.loop.do(self.process.saver.newest_of_run(row.run_id)) is None
                self.taken.add(row.run_id)
            elif row.stop_requested in (StopReason.INTERRUPT, StopReason.DISCONNECT):
                self._expect_ended(row, after, RunStatus.INTERRUPTED)
            elif row.crashes + 1 < MAX_ATTEMPTS:
                assert (after.status, after.crashes, after.attempt) == ("pending", row.crashes + 1, row.attempt)
            else:
                self._expect_ended(row, after, RunStatus.ERROR)

    def _expect_ended(self, row: Any, after: Any, status: RunStatus) -> None:
        if self.vanishes(row):
            assert after is None
            self.taken.add(row.run_id)
            return
        assert after.status == status
        if status is RunStatus.ERROR:
            assert after.error["error"] == "WorkerDied"
            if row.resumable:
                told = self.told.setdefault(row.run_id, [])
                told.append(self.stored(row.run_id)[-1].data)
                assert b"WorkerDied" in told[-1]

    def _expect_released(self, now: datetime | None) -> None:
        held = [row for row in self.sight.threads.values() if row.held_until and (not now or row.held_until < now)]
        threads, _ = self.loop.do(self.world.all_rows())
        still = {row.thread_id for row in threads if row.held_until}
        assert not still & {row.thread_id for row in held}

    async def recover(self) -> None:
        now = self.world.clock.now()
        await self.process.reaper.reap()
        ended = [row for row in self.sight.active if row.lease_until and row.lease_until < now]
        self.taken |= {row.run_id for row in ended if row.stop_requested in UNDOING or self.vanishes(row)}

    def teardown(self) -> None:
        self.told.clear()
        try:
            super().teardown()
        finally:
            self.loop.do(self.stack.aclose())
