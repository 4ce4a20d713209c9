"""What becomes of an attempt whose graph has come to rest: its end is committed, it is undone, or given back.

Rule: the terminal status is committed before the stream says that the run has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import structlog

from runline.errors import RunlineError, Unavailable
from runline.graphs.checkpoints import RunlineSaver, StaleAttempt
from runline.graphs.protocol_stream import ProtocolStream
from runline.graphs.stream import GraphStream
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import RunStatus, StopReason, stop_error
from runline.model.run import Run, RunOutcome
from runline.model.thread import ThreadState
from runline.runs.journal import Journal
from runline.runs.live import LiveRun
from runline.runs.outcome import error_result, graph_error, success_result
from runline.runs.patience import persist
from runline.runs.rollback import Rollback
from runline.runs.run_logs import RunLogs
from runline.runs.states import ThreadStates
from runline.storage.leases import Ending, LeaseStore
from runline.storage.queue import Claimant
from runline.storage.segments import SegmentStore

log = structlog.get_logger()

AnyStream = GraphStream | ProtocolStream

Successor = Callable[[], Claimant | None]
"""Who claims the thread's next run at the moment this one ends."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What executes here: the run, the writer of its stream, what its graph told, and who takes the slot after it."""

    live: LiveRun
    journal: Journal
    stream: AnyStream
    successor: Successor


@dataclass(frozen=True, slots=True)
class Conclusion:
    """Concludes attempts. Nothing of it is cut off by a stop."""

    saver: RunlineSaver
    leases: LeaseStore
    states: ThreadStates
    rollback: Rollback
    segments: SegmentStore
    logs: RunLogs

    async def conclude(self, attempt: Attempt) -> None:
        """By how the graph ended, or why it was stopped; `live.promoted` is the thread's next run then."""
        live = attempt.live
        if live.stop_reason is None and isinstance(_exception_of(live), StaleAttempt):
            live.stop_reason = StopReason.LEASE_LOST
        if live.stop_reason:
            await self._stopped(attempt, live.stop_reason)
        else:
            await self._ended(attempt)

    async def leave_behind(self, run: Run) -> None:
        """Give back a run that does not stop: from here on it saves nothing."""
        with _left_to_its_lease(run):
            await self.saver.fence(run.run_id, run.attempt + 1)
            await self.leases.requeue(run, crashed=False)

    async def _ended(self, attempt: Attempt) -> None:
        """Commit what the graph came to by itself: success, which an interrupt is too, or an error."""
        error = _error_of(attempt.live)
        outcome = RunOutcome(RunStatus.ERROR if error else RunStatus.SUCCESS, error, attempt.stream.result)
        ending = await self._finish(attempt, outcome, error)
        if ending.stop:
            await self._stopped(attempt, ending.stop)
            return
        if ending.held and error:
            attempt.journal.emit("error", error)
        if ending.held or ending.gone:
            await self._end(attempt, error_result(error) if error else success_result(attempt.stream.result))

    async def _stopped(self, attempt: Attempt, reason: StopReason) -> None:
        """Commit what the stop asked for: keep what there is, leave no trace, or give the run back."""
        live = attempt.live
        live.stop_reason = reason
        _note_exception(live)
        # a graph that was cut off may have left tasks behind that still save its checkpoints
        await persist(lambda: self.saver.fence(live.run.run_id, live.run.attempt + 1))
        match reason:
            case StopReason.ROLLBACK | StopReason.DELETE:
                await self._undo(attempt, reason)
            case StopReason.INTERRUPT | StopReason.DISCONNECT:
                await self._interrupt(attempt, reason)
            case StopReason.SHUTDOWN:
                await attempt.journal.flush()
                entries = await self._unwritten(live)
                with _left_to_its_lease(live.run):
                    await self._give_back(live, entries)
            case _:
                await self._let_go(attempt)

    async def _undo(self, attempt: Attempt, reason: StopReason) -> None:
        live = attempt.live
        entries = await self._unwritten(live)
        undoing = persist(lambda: self.rollback.undo(live.run, reason, attempt.successor(), entries))
        live.promoted, values = await undoing
        self.logs.ring(live.run)
        await attempt.journal.end(success_result(values))

    async def _interrupt(self, attempt: Attempt, reason: StopReason) -> None:
        result = attempt.stream.result
        ending = await self._finish(
            attempt, RunOutcome(RunStatus.INTERRUPTED, None, result, reason), stop_error(reason)
        )
        if ending.stop:
            await self._stopped(attempt, ending.stop)
        elif ending.held or ending.gone:
            await self._end(attempt, success_result(result))

    async def _let_go(self, attempt: Attempt) -> None:
        """The lease was lost, or has ended. The stream stays open if the run goes on in a later attempt."""
        live = attempt.live
        entries = await self._unwritten(live)
        await persist(lambda: self._give_back(live, entries))
        if not live.given_back and await persist(lambda: self.leases.is_gone(live.run)):
            await attempt.journal.end(success_result(None))

    async def _give_back(self, live: LiveRun, entries: Entries) -> None:
        """To the queue, unless it was given to another attempt already."""
        run = live.run
        live.given_back = await self.leases.requeue(run, crashed=False, entries=entries)
        log.info("a run is left to another attempt", run_id=run.run_id, attempt=run.attempt, why=live.stop_reason)

    async def _finish(self, attempt: Attempt, outcome: RunOutcome, thread_error: dict[str, Any] | None) -> Ending:
        live = attempt.live
        await attempt.journal.flush()
        state = await self._rest(attempt, outcome, thread_error)
        entries = await self._unwritten(live)
        ending = await persist(lambda: self.leases.finish(live.run, outcome, state, attempt.successor(), entries))
        self.logs.ring(live.run)
        live.promoted = ending.promoted
        if ending.held:
            live.run = replace(live.run, status=outcome.status, error=outcome.error)
        elif not ending.stop:
            log.warning("lease lost before the end of a run", run_id=live.run.run_id, attempt=live.run.attempt)
        return ending

    async def _rest(
        self, attempt: Attempt, outcome: RunOutcome, thread_error: dict[str, Any] | None
    ) -> ThreadState | None:
        """What the thread comes to: as the stream told it, else as its checkpoint says; None if it goes anyway."""
        run = attempt.live.run
        if run.traceless:
            return None
        state = None if outcome.error else attempt.stream.state
        if state is None:
            state = await persist(lambda: self.states.rest(run, outcome.error))
        return replace(state, error=thread_error)

    async def _end(self, attempt: Attempt, result: bytes) -> None:
        run = attempt.live.run
        await attempt.journal.end(result)
        if run.spec.stream_resumable:
            # it has ended; its events are as good in many pieces as in few
            with suppress(Unavailable):
                await self.segments.compact((run.run_id, run.attempt))

    async def _unwritten(self, live: LiveRun) -> Entries:
        """What the run's log and the ledger lack, to be written with its end."""
        return await self.logs.rest(live.log) if live.log else NOTHING


def _exception_of(live: LiveRun) -> BaseException | None:
    """What the graph failed of, if it did and was not cancelled."""
    task = live.graph_task
    return None if task is None or task.cancelled() else task.exception()


def _error_of(live: LiveRun) -> dict[str, Any] | None:
    if live.graph_task is None or live.graph_task.cancelled():
        # nobody told it to stop: the graph cancelled itself
        return {"error": "CancelledError", "message": "The graph cancelled its own task"}
    if (exc := _exception_of(live)) is None:
        return None
    if isinstance(exc, RunlineError):
        return {"error": type(exc).__name__, "message": str(exc)}
    log.warning("run failed", run_id=live.run.run_id, graph_id=live.run.graph_id, exc_info=exc)
    return graph_error(exc)


def _note_exception(live: LiveRun) -> None:
    exc = _exception_of(live)
    if exc and not isinstance(exc, StaleAttempt):
        log.info("graph failed while it was stopped", run_id=live.run.run_id, exc_info=exc)


@contextmanager
def _left_to_its_lease(run: Run) -> Iterator[None]:
    """Who shuts down does not wait for the database to come back."""
    try:
        yield
    except Unavailable as exc:
        log.warning("a run cannot be given back", run_id=run.run_id, reason=str(exc))
