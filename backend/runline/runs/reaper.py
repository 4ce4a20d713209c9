"""Finds running runs that nobody executes any more and gives them back, finishes their rollback, or gives up."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

import structlog

from runline.graphs.checkpoints import RunlineSaver
from runline.model.lifecycle import RunStatus, StopReason, stop_error
from runline.model.run import Run, RunOutcome
from runline.runs.follow import RunStreams
from runline.runs.meters import Meters
from runline.runs.outcome import error_result, success_result
from runline.runs.rollback import Rollback
from runline.runs.states import ThreadStates
from runline.runs.webhooks import Webhooks
from runline.storage.leases import LeaseStore
from runline.storage.threads import ThreadStore
from runline.streams.contracts import Bell, ThreadBells

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reaper:
    """Takes over from workers that died. A run that outlives `max_attempts` of them ends in error."""

    leases: LeaseStore
    threads: ThreadStore
    saver: RunlineSaver
    states: ThreadStates
    rollback: Rollback
    streams: RunStreams
    webhooks: Webhooks
    bell: Bell
    log_bells: ThreadBells
    live: Container[str]
    max_attempts: int
    meters: Meters

    async def reap(self, *, everything: bool = False) -> int:
        """Handle all expired leases, or at the start of a lone process every running run; returns how many."""
        expired = await self.leases.expired(everything=everything)
        # a run that executes here was not abandoned: this process was held up and is late to renew
        abandoned = [(run, crashes) for run, crashes in expired if run.run_id not in self.live]
        for run, crashes in abandoned:
            try:
                await self._take_over(run, crashes + 1)
                self.log_bells.ring(run.thread_id)
            except Exception:
                # it is found again in the next round; the others must not wait for it
                log.exception("a run cannot be taken over", run_id=run.run_id)
        late = await self.threads.abandoned_holds(everything=everything)
        # nor was a slot that is held here, by a deletion whose run is slow to stop, or by a process that was paused
        holds = [hold for hold in late if hold not in self.states.holds]
        for hold in holds:
            for run in await self.leases.doomed(hold.thread_id):
                await self.rollback.undo(run, StopReason.DELETE)
            await self.threads.release(hold)
        self.webhooks.ended(run for run, _ in abandoned)
        if abandoned or holds:
            self.bell.ring()
        return len(abandoned)

    async def _take_over(self, run: Run, crashes: int) -> None:
        log.warning("run abandoned by its worker", run_id=run.run_id, attempt=run.attempt, crashes=crashes)
        await self.saver.fence(run.run_id, run.attempt + 1)
        match run.stop_requested:
            case StopReason.ROLLBACK | StopReason.DELETE as reason:
                _, values = await self.rollback.undo(run, reason)
                self.streams.bridge.close(run.run_id, success_result(values))
                self.meters.stopped(run, reason)
            case StopReason.INTERRUPT | StopReason.DISCONNECT as reason:
                await self._end(run, RunOutcome(RunStatus.INTERRUPTED, stopped_by=reason), stop_error(reason))
            case _ if crashes < self.max_attempts:
                await self.leases.requeue(run, crashed=True)
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
        # as if given back to the queue: what its dead attempt has used of the stream is used
        journal = await self.streams.journal(replace(run, status=RunStatus.PENDING))
        if outcome.error:
            journal.emit("error", outcome.error)
        await journal.end(error_result(outcome.error) if outcome.error else success_result(state.values))
