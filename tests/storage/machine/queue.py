"""Anything that may happen to queues, in any order, as the rules of one state machine.

The clock stands still until a rule moves it. What each rule must bring about is said in the rule; what must be true
of all rows, in `sight.py`. At its end a healthy worker must be able to bring every run to its own.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kit.exploring import NEWEST, recall
from runline.model.lifecycle import ThreadStatus
from runline.model.run import Run
from storage.machine.creating import Creating
from storage.machine.owning import Owning
from storage.machine.stores import LIMITS
from storage.machine.working import Working
from storage.world import INTERRUPTED


class LifeMachine(Creating, Working, Owning):
    """Clients, workers, owners, and the time that passes."""

    @rule(seconds=st.sampled_from([1, 5, 20]))
    def pass_time(self, seconds: int) -> None:
        self.world.clock.pass_(seconds)

    async def recover(self) -> None:
        """Take over what the dead have left."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Nothing is stuck: what was abandoned is recovered, and a healthy worker brings every run to its end."""
        if not self.sound:
            return
        for _ in range(2 * LIMITS.total + len(self.sight.active)):
            self.world.clock.pass_(20)
            self.do(self.recover())
            self.rows_are_true()
            claimed = self.do(self.world.claim(LIMITS.total))
            self.rows_are_true()
            for run in claimed:
                self.do(self._conclude(run))
            self.rows_are_true()
            if not self.sight.active:
                break
        assert not self.sight.active, "no run that was acknowledged is stuck"
        assert not any(row.held_until or row.status == ThreadStatus.BUSY for row in self.sight.threads.values())

    async def _conclude(self, run: Run) -> None:
        vanishes = run.vanishes
        ending = await self.world.finish(run, INTERRUPTED)
        if ending.stop:
            vanishes = True
            ending = await self.undo(run, None)
        assert ending.held
        self.taken |= {run.run_id} if vanishes else set()


class QueueMachine(LifeMachine):
    """The stores alone: who was abandoned is given back without further ado."""

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST)
    def crash(self, age: int) -> None:
        self.give_back(recall(self.grips, age), crashed=True)

    async def recover(self) -> None:
        for abandoned in await self.world.claims.expired():
            if taken := await self.world.claims.take_over(abandoned, self.world.claimant("reaper")):
                await self.world.claims.requeue_abandoned(taken)
        for late in await self.world.threads.abandoned_holds():
            if mine := await self.world.threads.take_over(late, 15):
                await self.world.threads.release(mine)
