"""Finds running runs that nobody executes any more and gives them back, finishes their rollback, or gives up."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import structlog

from runline.errors import Unavailable
from runline.graphs.checkpoints import RunlineSaver
from runline.model.lifecycle import RunStatus, StopReason, stop_error
from runline.model.run import Run, RunOutcome
from runline.runs.follow import RunStreams
from runline.runs.meters import Meters
from runline.runs.outcome import error_result, success_result
from runline.runs.rollback import Rollback
from runline.runs.slots import ThreadSlots
from runline.runs.states import ThreadStates
from runline.runs.upkeep import Upkeep
from runline.runs.vigil import Vigil
from runline.runs.webhooks import Webhooks
from runline.storage.claims import Abandoned, ClaimStore
from runline.storage.leases import LeaseStore
from runline.storage.queue import Claimant
from runline.storage.threads import Hold, LateHold, ThreadStore
from runline.streams.contracts import Bell, ThreadBells

log = structlog.get_logger()


class Late(NamedTuple):
    """What was not renewed in time."""

    runs: Sequence[Abandoned]
    holds: Sequence[LateHold]


@dataclass(frozen=True, slots=True)
class Reaper:
    """Takes over from workers that died. A run that outlives `max_attempts` of them ends in error."""

    claims: ClaimStore
    leases: LeaseStore
    threads: ThreadStore
    saver: RunlineSaver
    states: ThreadStates
    slots: ThreadSlots
    rollback: Rollback
    streams: RunStreams
    webhooks: Webhooks
    bell: Bell
    log_bells: ThreadBells
    live: Container[str]
    claimant: Claimant
    upkeep: Upkeep
    max_attempts: int
    meters: Meters
    vigil: Vigil

    async def reap_step(self) -> None:
        """Look once; for a supervised loop. Reaps, unless whoever lives may have been kept from renewing."""
        found = await self._look()
        if self.vigil.looked():
            await self._reap(found)
            self.vigil.acted()

    async def reap(self, *, everything: bool = False) -> int:
        """Handle all expired leases, or at the start of a lone process every running run; returns how many."""
        return await self._reap(await self._look(everything=everything))

    async def _look(self, *, everything: bool = False) -> Late:
        runs = await self.claims.expired(everything=everything)
        return Late(runs, await self.threads.abandoned_holds(everything=everything))

    async def _reap(self, found: Late) -> int:
        # a run that executes here was not abandoned: this process was held up and is late to renew
        abandoned = [each for each in found.runs if each.run.run_id not in self.live]
        reaped = [each.run for each in abandoned if await self._handle(each)]
        self.webhooks.ended(reaped)
        if reaped:
            self.bell.ring()
        for late in found.holds:
            # nor was a slot that is held here, by a deletion whose run is slow to stop, or by a process that was paused
            if late.hold.thread_id not in self.slots.holds:
                await self._give_back(late)
        return len(reaped)

    async def _give_back(self, late: LateHold) -> None:
        """Give back a slot whose holder died, after finishing what it was held for."""
        try:
            async with self.slots.take_over(late) as mine:
                if mine:
                    log.warning("slot abandoned by its holder", thread_id=mine.thread_id)
                    await self._finish_for(mine)
        except Unavailable as exc:
            log.warning("a slot cannot be given back yet", thread_id=late.hold.thread_id, reason=str(exc))
        except Exception:
            # as with a run
            log.exception("a slot cannot be given back", thread_id=late.hold.thread_id)

    async def _finish_for(self, mine: Hold) -> None:
        for run in await self.leases.doomed(mine.thread_id):
            await self.rollback.undo(run, StopReason.DELETE)
        await self.upkeep.finish_removal(mine)

    async def _handle(self, abandoned: Abandoned) -> bool:
        """Whether it fell to this process."""
        run = abandoned.run
        try:
            mine = await self._take_over(abandoned)
        except Unavailable as exc:
            log.warning("a run cannot be taken over yet", run_id=run.run_id, reason=str(exc))
            return False
        except Exception:
            # it is found again in the next round; the others must not wait for it
            log.exception("a run cannot be taken over", run_id=run.run_id)
            return False
        if mine:
            self.log_bells.ring(run.thread_id)
        return mine

    async def _take_over(self, abandoned: Abandoned) -> bool:
        """Each run falls to one process, however many look; and to none if its worker renews its lease first."""
        if (taken := await self.claims.take_over(abandoned, self.claimant)) is None:
            return False
        run, crashes = taken.run, taken.crashes + 1
        log.warning("run abandoned by its worker", run_id=run.run_id, attempt=run.attempt, crashes=crashes)
        # before its events are refused: no step is saved whose events are not
        await self.saver.fence(run.run_id, run.attempt + 1)
        if run.stop_requested is None and crashes < self.max_attempts:
            return await self.claims.requeue_abandoned(taken)
        if own := await self.claims.supersede(taken):
            await self._finish(own, crashes)
        return own is not None

    async def _finish(self, run: Run, crashes: int) -> None:
        match run.stop_requested:
            case StopReason.ROLLBACK | StopReason.DELETE as reason:
                _, values = await self.rollback.undo(run, reason)
                self.streams.bridge.close(run.run_id, success_result(values))
                self.meters.stopped(run, reason)
            case StopReason.INTERRUPT | StopReason.DISCONNECT as reason:
                await self._end(run, RunOutcome(RunStatus.INTERRUPTED, stopped_by=reason), stop_error(reason))
            case _:
                message = f"The run's worker died {crashes} times while executing it"
                error = {"error": "WorkerDied", "message": message}
                await self._end(run, RunOutcome(RunStatus.ERROR, error), error)

    async def _end(self, run: Run, outcome: RunOutcome, thread_error: dict[str, str] | None) -> None:
        state = replace(await self.states.rest(run, outcome.error), error=thread_error)
        ending = await self.leases.finish(run, replace(outcome, values=state.result), state, None)
        if not ending.held:
            # it ended meanwhile, or is to be undone, which the next round does
            return
        self.meters.run_ended(run, outcome.status)
        journal = await self.streams.journal(run)
        if outcome.error:
            journal.emit("error", outcome.error)
        await journal.end(error_result(outcome.error) if outcome.error else success_result(state.values))
