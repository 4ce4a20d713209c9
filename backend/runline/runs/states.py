"""Thread state: read, page through, update, copy. Always through the thread's graph, never by reading rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph import types
from langgraph.errors import InvalidUpdateError
from langgraph.store.base import BaseStore
from langgraph.types import StateSnapshot

from runline.errors import BadRequest, RunlineError, Unavailable, Unreadable
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
from runline.runs.slots import ThreadSlots
from runline.storage.threads import ThreadStore

log = structlog.get_logger()


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
    """The states of a viewer's threads. Whoever changes one holds its slot."""

    def __init__(self, graphs: GraphSide, threads: ThreadStore, slots: ThreadSlots) -> None:
        self._graphs = graphs
        self._threads = threads
        self._slots = slots

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
        async with self._slots.slot(viewer, thread_id) as slot:
            thread = await self._threads.get(viewer, thread_id)
            written, slot.state = await self._write(thread, update)
        return written

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
