"""Thread state: read, page through, update, copy. Always through the thread's graph, never by reading rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph import types
from langgraph.errors import InvalidUpdateError
from langgraph.store.base import BaseStore
from langgraph.types import StateSnapshot

from runline.errors import BadRequest, RunlineError, ThreadBusy, Unavailable, Unreadable
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.invocation import thread_config
from runline.graphs.registry import Access, AnyGraph, GraphRegistry
from runline.graphs.state import thread_state
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.run import Run
from runline.model.thread import Thread, ThreadState
from runline.model.viewer import Viewer
from runline.runs.outcome import graph_error
from runline.storage.threads import Hold, LateHold, ThreadStore
from runline.streams.contracts import Bell, ThreadBells

log = structlog.get_logger()

_HOLD_TRIES = 250
_HOLD_PAUSE_SECONDS = 0.02
_AGAIN_SECONDS = 0.25
"""How often holds are renewed while the database is out of reach."""


def _writing_config(thread: Thread, checkpoint: dict[str, Any] | None = None) -> RunnableConfig:
    config = thread_config(thread.thread_id, checkpoint)
    config["metadata"] = {"graph_id": thread.metadata.get("graph_id")}
    return config


@contextmanager
def _reading(thread_id: str) -> Iterator[None]:
    """A checkpoint that cannot be decoded, or that the graph's reducers refuse, breaks itself alone."""
    try:
        yield
    except RunlineError:
        raise
    except Exception as exc:
        log.exception("a state cannot be read", thread_id=thread_id)
        raise Unreadable("The state of thread", thread_id) from exc


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Which checkpoints: at most `limit`, older than `before`, of this namespace, containing this metadata."""

    limit: int = 1
    before: str | None = None
    checkpoint_ns: str = ""
    metadata: dict[str, Any] | None = None


@dataclass(slots=True)
class Slot:
    """The hold of a thread, and the state it came to meanwhile."""

    hold: Hold
    state: ThreadState | None = None


@dataclass(frozen=True, slots=True)
class StateUpdate:
    """New values for a thread as if written by a node, on top of its newest or the named checkpoint."""

    values: Any
    as_node: str | None = None
    checkpoint: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class GraphSide:
    """What states are read and written with."""

    registry: GraphRegistry
    saver: RunlineSaver
    store: BaseStore


class ThreadStates:
    """The states of a viewer's threads."""

    def __init__(
        self, graphs: GraphSide, threads: ThreadStore, bell: Bell, thread_bells: ThreadBells, *, hold_seconds: float
    ) -> None:
        self._graphs = graphs
        self._threads = threads
        self._bell = bell
        self._thread_bells = thread_bells
        self.hold_seconds = hold_seconds
        self._holds: dict[str, Hold] = {}

    @property
    def holds(self) -> Container[str]:
        """The threads whose slots are held in this process now, however long that takes."""
        return self._holds.keys()

    async def renew_step(self) -> None:
        """Hold on to what is held here, or others would take it for abandoned; for a supervised loop."""
        await asyncio.sleep(self.hold_seconds / 3)
        for hold in list(self._holds.values()):
            await self._prolong(hold)

    async def _prolong(self, hold: Hold) -> None:
        """As soon as the database can be reached: whoever reaps must not come first."""
        while self._holds.get(hold.thread_id) is hold:
            try:
                await self._threads.prolong(hold, self.hold_seconds)
            except Unavailable as exc:
                log.warning("a slot cannot be held on to yet", reason=str(exc), retry_in_seconds=_AGAIN_SECONDS)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def get(
        self, viewer: Viewer, thread_id: str, checkpoint: dict[str, Any] | None = None, *, subgraphs: bool = False
    ) -> StateSnapshot | None:
        """The state at the newest or the given checkpoint; None while the thread has no graph.

        Raises ThreadNotFound.
        """
        thread = await self._threads.get(viewer, thread_id)
        config = thread_config(thread_id, checkpoint)
        async with self._open(thread, config) as graph:
            with _reading(thread_id):
                return await graph.aget_state(config, subgraphs=subgraphs) if graph else None

    async def history(self, viewer: Viewer, thread_id: str, query: HistoryQuery) -> list[StateSnapshot]:
        """The states of a thread, newest first. Raises ThreadNotFound."""
        thread = await self._threads.get(viewer, thread_id)
        config = thread_config(thread_id, {"checkpoint_ns": query.checkpoint_ns})
        before = thread_config(thread_id, {"checkpoint_id": query.before}) if query.before else None
        async with self._open(thread, config) as graph:
            if graph is None:
                return []
            with _reading(thread_id):
                states = graph.aget_state_history(config, filter=query.metadata, before=before, limit=query.limit)
                return [state async for state in states]

    async def update(self, viewer: Viewer, thread_id: str, update: StateUpdate) -> RunnableConfig:
        """Write a new checkpoint and return the config that names it.

        Raises ThreadNotFound, ThreadBusy, BadRequest (no graph yet, no such node, bad values).
        """
        async with self.slot(viewer, thread_id) as slot:
            thread = await self._threads.get(viewer, thread_id)
            written, slot.state = await self._write(thread, update)
        return written

    @asynccontextmanager
    async def slot(self, viewer: Viewer, thread_id: str, *, beside_runs: bool = False) -> AsyncIterator[Slot]:
        """Hold the thread's slot, as a run would; what is left in `Slot.state` is recorded as it is given back.

        Waits for another holder. `beside_runs`: also while a run is active; no other starts then.
        Raises ThreadNotFound, ThreadBusy (a run is active).
        """
        async with self.keep(await self._hold(viewer, thread_id, beside_runs=beside_runs)) as slot:
            yield slot

    @asynccontextmanager
    async def keep(self, hold: Hold) -> AsyncIterator[Slot]:
        """The slot that was taken by this hold, as `slot` does.

        What is written of the thread outside its runs meanwhile is refused, with SlotLost, once others have taken it.
        """
        slot = Slot(hold)
        self._holds[hold.thread_id] = hold
        try:
            with self._graphs.saver.held(hold.thread_id, hold.hold_id):
                yield slot
        finally:
            del self._holds[hold.thread_id]
            await asyncio.shield(self._threads.release(hold, slot.state))
            self._bell.ring()
            self._thread_bells.ring(hold.thread_id)

    @asynccontextmanager
    async def take_over(self, late: LateHold) -> AsyncIterator[Hold | None]:
        """The slot of a holder that died, and saves nothing from here on; None if others have it, or it lives."""
        taken = await self._threads.take_over(late, self.hold_seconds)
        if taken is None:
            yield None
            return
        await self._graphs.saver.fence_hold(late.hold.hold_id)
        async with self.keep(taken):
            yield taken

    async def _hold(self, viewer: Viewer, thread_id: str, *, beside_runs: bool) -> Hold:
        for _ in range(_HOLD_TRIES):
            # who has lost it to another process, and does not know yet, has to leave first
            free = thread_id not in self._holds
            hold = self._threads.hold(viewer, thread_id, self.hold_seconds, beside_runs=beside_runs) if free else None
            if hold and (held := await hold):
                return held
            await asyncio.sleep(_HOLD_PAUSE_SECONDS)
        raise ThreadBusy

    async def begin(self, thread: Thread, supersteps: Sequence[Sequence[types.StateUpdate]]) -> ThreadState:
        """Write the first states of a thread that nobody else knows yet; returns the newest. Raises as `update`."""
        config = _writing_config(thread)
        return (await self._written(thread, config, lambda graph: graph.abulk_update_state(config, supersteps)))[1]

    async def _write(self, thread: Thread, update: StateUpdate) -> tuple[RunnableConfig, ThreadState]:
        config = _writing_config(thread, update.checkpoint)
        return await self._written(
            thread, config, lambda graph: graph.aupdate_state(config, update.values, as_node=update.as_node)
        )

    async def _written(
        self, thread: Thread, config: RunnableConfig, write: Callable[[AnyGraph], Awaitable[RunnableConfig]]
    ) -> tuple[RunnableConfig, ThreadState]:
        async with self._open(thread, config) as graph:
            if graph is None:
                raise BadRequest(
                    f"Thread '{thread.thread_id}' has no assigned graph ID. "
                    "Run it once, or create it with metadata.graph_id."
                )
            try:
                async with self._graphs.saver.updated(thread.thread_id):
                    written = await write(graph)
            except InvalidUpdateError as exc:
                raise BadRequest(str(exc)) from exc
            except RunlineError:
                raise
            except Exception as exc:
                # the graph's own reducers and schemas judge the values
                error = graph_error(exc)
                raise BadRequest(f"The graph refused the values: {error['error']}: {error['message']}") from exc
            return written, thread_state(await graph.aget_state(thread_config(thread.thread_id)))

    async def copy(self, viewer: Viewer, thread_id: str) -> Thread:
        """Make a new idle thread with a copy of the checkpoints; runs are not copied. Raises ThreadNotFound."""
        source = await self._threads.get(viewer, thread_id)
        copy_id = new_id()
        # its checkpoints first: there is never a thread without them
        await self._graphs.saver.acopy_thread(thread_id, copy_id)
        try:
            return await self._threads.copy(viewer, source, copy_id, await self._copied(source, copy_id))
        except BaseException:
            await asyncio.shield(self._graphs.saver.adelete_thread(copy_id))
            raise

    async def _copied(self, source: Thread, copy_id: str) -> ThreadState:
        """The state that was copied: the source's may be another by now."""
        config = thread_config(copy_id)
        async with self._open(source, config) as graph:
            if graph is None:
                return ThreadState(ThreadStatus.IDLE, None, None)
            with _reading(source.thread_id):
                return thread_state(await graph.aget_state(config))

    async def rest(self, run: Run, error: dict[str, Any] | None = None) -> ThreadState:
        """What a run's thread rests at when the run has ended, with this error if it failed.

        Reading runs the user's graph factory and reducers; if they fail, the state is not `known`. Raises Unavailable.
        """
        try:
            return thread_state(await self.read(run.graph_id, run.thread_id), error)
        except Unavailable:
            raise
        except Exception:
            log.exception("the state of a thread cannot be read", thread_id=run.thread_id, graph_id=run.graph_id)
            resting = ThreadStatus.ERROR if error else ThreadStatus.IDLE
            return ThreadState(resting, None, None, error, known=False)

    async def read(self, graph_id: str, thread_id: str, checkpoint: dict[str, Any] | None = None) -> StateSnapshot:
        """The state of a thread whose graph is known, for the engine itself."""
        config = thread_config(thread_id, checkpoint)
        async with self._open_graph(graph_id, config) as graph:
            return await graph.aget_state(config)

    @asynccontextmanager
    async def _open(self, thread: Thread, config: RunnableConfig) -> AsyncIterator[AnyGraph | None]:
        graph_id = thread.metadata.get("graph_id")
        if not isinstance(graph_id, str):
            yield None
            return
        async with self._open_graph(graph_id, config) as graph:
            yield graph

    @asynccontextmanager
    async def _open_graph(self, graph_id: str, config: RunnableConfig) -> AsyncIterator[AnyGraph]:
        access = Access("threads.read")
        async with self._graphs.registry.ask(graph_id, config, access=access, store=self._graphs.store) as graph:
            yield graph.copy(update={"checkpointer": self._graphs.saver, "store": self._graphs.store})
