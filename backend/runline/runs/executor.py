"""The one place a graph is run: execute, then conclude by how it ended.

The graph runs in a task of its own, which alone is cancelled by a stop; the conclusion cannot be interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass

from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore

from runline.graphs.checkpoints import RunlineSaver, StaleAttempt
from runline.graphs.invocation import build_config, build_invocation
from runline.graphs.protocol_stream import ProtocolStream
from runline.graphs.registry import Access, GraphRegistry
from runline.graphs.stream import Emission, GraphStream
from runline.model.lifecycle import StopReason
from runline.model.run import Run, StreamProtocol
from runline.runs.conclusion import AnyStream, Attempt, Conclusion, Successor
from runline.runs.follow import RunStreams
from runline.runs.journal import Journal
from runline.runs.live import LiveRun
from runline.runs.meters import Meters
from runline.runs.patience import persist
from runline.runs.watch import Watch
from runline.runs.webhooks import Webhooks
from runline.runs.witness import Witness
from runline.streams.contracts import ThreadBells
from runline.tracing.tracer import Tracer

MakeSure = Callable[[LiveRun], Awaitable[None]]
"""Stops a run that others may have gone on with."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs graphs, one `execute` per claimed run."""

    registry: GraphRegistry
    saver: RunlineSaver
    store: BaseStore
    conclusion: Conclusion
    streams: RunStreams
    webhooks: Webhooks
    thread_bells: ThreadBells
    watch: Watch
    meters: Meters
    tracer: Tracer

    async def execute(self, live: LiveRun, successor: Successor, make_sure: MakeSure) -> None:
        """Run `live` to its end; `live.promoted` is the thread's next run, claimed for `successor` if it is due.

        `make_sure` is called before the graph's first step.
        """
        run = live.run
        self.meters.started(run)
        journal = await persist(lambda: self.streams.journal(run))
        journal.emit("metadata", {"run_id": run.run_id, "attempt": run.attempt})
        self.thread_bells.ring(run.thread_id)
        stream = _stream_of(run)
        live.log, witness = await self.watch.begin(run)
        running = self._run_graph(live, journal, stream, witness, make_sure)
        live.graph_task = asyncio.create_task(running, name=f"graph {run.run_id}")
        if live.stop_reason:
            live.stop(live.stop_reason)
        await asyncio.wait([live.graph_task])
        await self.conclusion.conclude(Attempt(live, journal, stream, successor))
        journal.leave()
        self.webhooks.ended([run])
        self.meters.ended(live)

    async def _run_graph(
        self, live: LiveRun, journal: Journal, stream: AnyStream, witness: Witness, make_sure: MakeSure
    ) -> None:
        run = live.run
        config = build_config(run)
        resume = await persist(lambda: self._goes_on(run))
        access = Access("threads.create_run", context=run.spec.context)
        async with self.registry.open(run.graph_id, config, access=access, store=self.store) as opened:
            graph = opened.copy(update={"checkpointer": None if run.traceless else self.saver, "store": self.store})
            watched: RunnableConfig = {**config, "callbacks": [witness, *self.tracer.callbacks(run)]}
            invocation = build_invocation(run, graph, watched, resume=resume)
            async with self._saving(live, journal):
                await make_sure(live)
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
            async with self.saver.commanded(run_id, live.run.attempt) if spec.command else nullcontext():
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


def _stream_of(run: Run) -> AnyStream:
    if run.spec.protocol is StreamProtocol.V2:
        return ProtocolStream()
    return GraphStream(run.spec.stream_mode, subgraphs=run.spec.stream_subgraphs)
