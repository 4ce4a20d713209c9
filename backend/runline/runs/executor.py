"""The one place a graph is run: execute, then conclude by how it ended.

The graph runs in a task of its own, which alone is cancelled by a stop; the conclusion cannot be interrupted.
Rule: the terminal status is committed before the stream says that the run has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore

from runline.errors import RunlineError, Unavailable
from runline.graphs.checkpoints import RunlineSaver, StaleAttempt
from runline.graphs.invocation import build_config, build_invocation
from runline.graphs.protocol_stream import ProtocolStream
from runline.graphs.registry import Access, GraphRegistry
from runline.graphs.stream import Emission, GraphStream
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import RunStatus, StopReason, stop_error
from runline.model.run import Run, RunOutcome, StreamProtocol
from runline.model.thread import ThreadState
from runline.runs.follow import RunStreams
from runline.runs.journal import Journal
from runline.runs.live import LiveRun
from runline.runs.meters import Meters
from runline.runs.outcome import error_result, graph_error, success_result
from runline.runs.rollback import Rollback
from runline.runs.states import ThreadStates
from runline.runs.watch import Watch
from runline.runs.webhooks import Webhooks
from runline.runs.witness import Witness
from runline.storage.leases import Ending, LeaseStore
from runline.storage.queue import Claimant
from runline.streams.contracts import ThreadBells
from runline.tracing.tracer import Tracer

log = structlog.get_logger()

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.05
_LAST_PAUSE_SECONDS = 2.0

AnyStream = GraphStream | ProtocolStream

Successor = Callable[[], Claimant | None]
"""Who claims the thread's next run at the moment this one ends."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs graphs, one `execute` per claimed run."""

    registry: GraphRegistry
    saver: RunlineSaver
    store: BaseStore
    leases: LeaseStore
    states: ThreadStates
    rollback: Rollback
    streams: RunStreams
    webhooks: Webhooks
    thread_bells: ThreadBells
    watch: Watch
    meters: Meters
    tracer: Tracer

    async def execute(self, live: LiveRun, successor: Successor) -> None:
        """Run `live` to its end; `live.promoted` is the thread's next run, claimed for `successor` if it is due."""
        run = live.run
        self.meters.started(run)
        journal = await self._persist(lambda: self.streams.journal(run))
        journal.emit("metadata", {"run_id": run.run_id, "attempt": run.attempt})
        self.thread_bells.ring(run.thread_id)
        stream = _stream_of(run)
        live.log, witness = await self.watch.begin(run)
        running = self._run_graph(live, journal, stream, witness)
        live.graph_task = asyncio.create_task(running, name=f"graph {run.run_id}")
        if live.stop_reason:
            live.stop(live.stop_reason)
        await asyncio.wait([live.graph_task])
        if live.stop_reason is None and _is_stale(live):
            live.stop_reason = StopReason.LEASE_LOST
        if live.stop_reason:
            await self._conclude_stopped(live, journal, stream, successor)
        else:
            await self._conclude(live, journal, stream, successor)
        journal.leave()
        self.webhooks.ended([run])
        self.meters.ended(live)

    async def leave_behind(self, run: Run) -> None:
        """Give back a run that does not stop: from here on it saves nothing."""
        with _left_to_its_lease(run):
            await self.saver.fence(run.run_id, run.attempt + 1)
            await self.leases.requeue(run, crashed=False)

    async def _run_graph(self, live: LiveRun, journal: Journal, stream: AnyStream, witness: Witness) -> None:
        run = live.run
        config = build_config(run)
        resume = await self._persist(lambda: self._goes_on(run))
        access = Access("threads.create_run", context=run.spec.context)
        async with self.registry.open(run.graph_id, config, access=access, store=self.store) as opened:
            graph = opened.copy(update={"checkpointer": None if run.traceless else self.saver, "store": self.store})
            watched: RunnableConfig = {**config, "callbacks": [witness, *self.tracer.callbacks(run)]}
            invocation = build_invocation(run, graph, watched, resume=resume)
            async with self._saving(live, journal):
                await self._record(run, stream.run(graph, invocation), journal)

    async def _goes_on(self, run: Run) -> bool:
        """Whether there is something to go on from: what earlier attempts have saved, which is all that they will."""
        if run.attempt == 1:
            return False
        # a worker that was only held up may be at it still
        await self.saver.fence(run.run_id, run.attempt)
        return await self.saver.newest_of_run(run.run_id) is not None

    @asynccontextmanager
    async def _saving(self, live: LiveRun, journal: Journal) -> AsyncIterator[None]:
        """What the saver minds while the graph runs."""
        spec, run_id = live.run.spec, live.run.run_id
        tell = self.saver.preceded(run_id, lambda: self._tell(live, journal))
        with tell if spec.stream_resumable else nullcontext():
            async with self.saver.commanded(run_id) if spec.command else nullcontext():
                yield

    async def _tell(self, live: LiveRun, journal: Journal) -> None:
        """Before a checkpoint is saved: tell what it lets a later attempt skip. Raises StaleAttempt.

        A run that goes on in a later attempt repeats the step that was cut off: nobody reads its events any more.
        """
        await journal.settle()
        if live.stop_reason in (StopReason.SHUTDOWN, StopReason.LEASE_LOST):
            raise StaleAttempt(live.run.run_id, live.run.attempt)

    async def _record(self, run: Run, steps: AsyncIterator[list[Emission]], journal: Journal) -> None:
        told = False
        async for emissions in steps:
            for name, data in emissions:
                journal.emit(name, data)
            if not told:
                told = True
                self.meters.told(run)
            await journal.room()

    async def _conclude(self, live: LiveRun, journal: Journal, stream: AnyStream, successor: Successor) -> None:
        """Commit what the graph came to by itself: success, which an interrupt is too, or an error."""
        error = self._error_of(live)
        outcome = RunOutcome(RunStatus.ERROR if error else RunStatus.SUCCESS, error, stream.result)
        await journal.flush()
        state = await self._rest(live.run, stream, outcome, error)
        ending = await self._finish(live, outcome, state, successor)
        if ending.stop:
            live.stop_reason = ending.stop
            await self._conclude_stopped(live, journal, stream, successor)
            return
        if ending.held and error:
            journal.emit("error", error)
        if ending.held or ending.gone:
            await self._end(live, journal, error_result(error) if error else success_result(stream.result))

    async def _end(self, live: LiveRun, journal: Journal, result: bytes) -> None:
        await journal.end(result)
        if live.run.spec.stream_resumable:
            # it has ended; its events are as good in many pieces as in few
            with suppress(Unavailable):
                await self.streams.segments.compact((live.run.run_id, live.run.attempt))

    def _error_of(self, live: LiveRun) -> dict[str, Any] | None:
        task = live.graph_task
        if task is None or task.cancelled():
            # nobody told it to stop: the graph cancelled itself
            return {"error": "CancelledError", "message": "The graph cancelled its own task"}
        if (exc := task.exception()) is None:
            return None
        if isinstance(exc, RunlineError):
            return {"error": type(exc).__name__, "message": str(exc)}
        log.warning("run failed", run_id=live.run.run_id, graph_id=live.run.graph_id, exc_info=exc)
        return graph_error(exc)

    async def _rest(
        self, run: Run, stream: AnyStream, outcome: RunOutcome, thread_error: dict[str, Any] | None
    ) -> ThreadState | None:
        """What the thread comes to: as the stream told it, else as its checkpoint says; None if it goes anyway."""
        if run.traceless:
            return None
        state = None if outcome.error else stream.state
        if state is None:
            state = await self._persist(lambda: self.states.rest(run, outcome.error))
        return replace(state, error=thread_error)

    async def _finish(
        self, live: LiveRun, outcome: RunOutcome, state: ThreadState | None, successor: Successor
    ) -> Ending:
        entries = await self._unwritten(live)
        ending = await self._persist(lambda: self.leases.finish(live.run, outcome, state, successor(), entries))
        self.watch.logs.ring(live.run)
        live.promoted = ending.promoted
        if ending.held:
            live.run = replace(live.run, status=outcome.status, error=outcome.error)
        elif not ending.stop:
            log.warning("lease lost before the end of a run", run_id=live.run.run_id, attempt=live.run.attempt)
        return ending

    async def _unwritten(self, live: LiveRun) -> Entries:
        """What the run's log and the ledger lack, to be written with its end."""
        return await self.watch.logs.rest(live.log) if live.log else NOTHING

    async def _persist(self, write: Callable[[], Awaitable[T]]) -> T:
        """Do what a run cannot go on or end without, however long the database is out of reach: its lease is renewed
        as soon as it is not."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return await write()
            except Unavailable as exc:
                log.warning("a run waits for the database", reason=str(exc), retry_in_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE_SECONDS)

    async def _conclude_stopped(self, live: LiveRun, journal: Journal, stream: AnyStream, successor: Successor) -> None:
        """Commit what the stop asked for: keep what there is, leave no trace, or give the run back."""
        self._note_exception(live)
        # a graph that was cut off may have left tasks behind that still save its checkpoints
        await self._persist(lambda: self.saver.fence(live.run.run_id, live.run.attempt + 1))
        match live.stop_reason:
            case StopReason.ROLLBACK | StopReason.DELETE as reason:
                entries = await self._unwritten(live)
                undoing = self._persist(lambda: self.rollback.undo(live.run, reason, successor(), entries))
                live.promoted, values = await undoing
                self.watch.logs.ring(live.run)
                await journal.end(success_result(values))
            case StopReason.INTERRUPT | StopReason.DISCONNECT as reason:
                outcome = RunOutcome(RunStatus.INTERRUPTED, None, stream.result, reason)
                await journal.flush()
                state = await self._rest(live.run, stream, outcome, stop_error(reason))
                ending = await self._finish(live, outcome, state, successor)
                if ending.stop:
                    live.stop_reason = ending.stop
                    await self._conclude_stopped(live, journal, stream, successor)
                else:
                    await self._end(live, journal, success_result(stream.result))
            case StopReason.SHUTDOWN:
                await journal.flush()
                entries = await self._unwritten(live)
                with _left_to_its_lease(live.run):
                    await self._give_back(live, entries)
            case _:
                entries = await self._unwritten(live)
                await self._persist(lambda: self._give_back(live, entries))
                # the stream stays open if the run goes on, in a later attempt, here or elsewhere
                if not live.given_back and await self._persist(lambda: self.leases.is_gone(live.run)):
                    await journal.end(success_result(None))

    async def _give_back(self, live: LiveRun, entries: Entries) -> None:
        """To the queue, unless it was given to another attempt already."""
        run = live.run
        live.given_back = await self.leases.requeue(run, crashed=False, entries=entries)
        log.info("a run is left to another attempt", run_id=run.run_id, attempt=run.attempt, why=live.stop_reason)

    def _note_exception(self, live: LiveRun) -> None:
        task = live.graph_task
        if task and not task.cancelled() and (exc := task.exception()) and not isinstance(exc, StaleAttempt):
            log.info("graph failed while it was stopped", run_id=live.run.run_id, exc_info=exc)


@contextmanager
def _left_to_its_lease(run: Run) -> Iterator[None]:
    """Who shuts down waits for no database."""
    try:
        yield
    except Unavailable as exc:
        log.warning("a run cannot be given back", run_id=run.run_id, reason=str(exc))


def _is_stale(live: LiveRun) -> bool:
    """Whether the graph failed because the run was given to another attempt."""
    task = live.graph_task
    return task is not None and not task.cancelled() and isinstance(task.exception(), StaleAttempt)


def _stream_of(run: Run) -> AnyStream:
    if run.spec.protocol is StreamProtocol.V2:
        return ProtocolStream()
    return GraphStream(run.spec.stream_mode, subgraphs=run.spec.stream_subgraphs)
