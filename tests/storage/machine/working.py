"""Rules: workers claim, renew, finish and give back, some of them long after they have lost what they claimed."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kit.exploring import NEWEST, recall
from runline.model.lifecycle import ACTIVE, RunStatus
from runline.model.run import Run, RunOutcome
from runline.storage.leases import Ending
from runline.storage.queue import Claimant
from storage.machine.stores import UNDOING, WORKERS, Stores
from storage.world import FAILED, INTERRUPTED, SUCCESS, state

OUTCOMES = st.sampled_from([SUCCESS, FAILED, RunOutcome(RunStatus.TIMEOUT), INTERRUPTED])


class Working(Stores):
    """Workers, alive and undead."""

    @rule(worker=WORKERS, limit=st.integers(1, 3))
    def claim(self, worker: str, limit: int) -> None:
        claimant = self.world.claimant(worker)
        claimed = self.do(self.world.claims.claim(claimant, limit))
        assert [run.run_id for run in claimed] == self.sight.startable(self.world.clock.told)[:limit]
        for run in claimed:
            self.believe(run)

    @precondition(lambda self: self.grips)
    @rule(worker=WORKERS, ages=st.lists(NEWEST, min_size=1, max_size=3))
    def renew(self, worker: str, ages: list[int]) -> None:
        runs = [recall(self.grips, age) for age in ages]
        claimant = self.world.claimant(worker)
        held = self.do(self.world.leases.renew(claimant, [(run.run_id, run.attempt) for run in runs]))
        until = self.world.clock.told + claimant.lease
        own = [run for run in runs if self.sight.holds(run)]
        rightful = {run.run_id for run in own if self.sight.runs[run.run_id].lease_owner == worker}
        assert held == {run_id: self.sight.runs[run_id].stop_requested for run_id in rightful}
        for run in runs:
            row = self.loop.do(self.world.row(run))
            assert row is None or (row.lease_until == until) == (run.run_id in rightful)

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST, outcome=OUTCOMES, successor=st.none() | WORKERS)
    def finish(self, age: int, outcome: RunOutcome, successor: str | None) -> None:
        run = recall(self.grips, age)
        ending = self.do(self.world.leases.finish(run, outcome, state(), self.claimant(successor)))
        if not self.sight.holds(run):
            assert (ending.held, ending.stop, ending.gone) == (False, None, run.run_id not in self.sight.runs)
            self.nothing_changed()
            return
        wish = self.sight.runs[run.run_id].stop_requested
        if wish and not (outcome is INTERRUPTED and wish not in UNDOING):
            assert (ending.held, ending.stop) == (False, wish)
            self.nothing_changed()
            return
        assert ending.held
        self._expect_end(run, None if self.vanishes(self.sight.runs[run.run_id]) else outcome)
        self.believe(ending.promoted)

    def _expect_end(self, run: Run, outcome: RunOutcome | None) -> None:
        row = self.loop.do(self.world.row(run))
        if outcome is None:
            assert row is None
            self.taken.add(run.run_id)
        else:
            assert (row.status, row.error) == (outcome.status, outcome.error)

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST, successor=st.none() | WORKERS)
    def carry_out_stop(self, age: int, successor: str | None) -> None:
        run = recall(self.grips, age)
        row = self.sight.runs.get(run.run_id)
        if row is not None and row.attempt == run.attempt and row.stop_requested not in UNDOING:
            return
        if row is not None and row.status not in ACTIVE:
            return
        ending = self.do(self.undo(run, self.claimant(successor)))
        assert ending.held == (row is not None and row.attempt == run.attempt)
        if ending.held:
            self._expect_end(run, None)
        else:
            self.nothing_changed()
        self.believe(ending.promoted)

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST)
    def shut_down(self, age: int) -> None:
        self.give_back(recall(self.grips, age), crashed=False)

    def give_back(self, run: Run, *, crashed: bool) -> None:
        given = self.do(self.world.leases.requeue(run, crashed=crashed))
        assert given == self.sight.holds(run)
        if not given:
            self.nothing_changed()

    async def undo(self, run: Run, successor: Claimant | None) -> Ending:
        return await self.world.leases.discard(run, state(), successor)
