"""What the agent streaming protocol asks of a thread: start a run, answer what is asked, tell the state.

A run that is started here is like any other but for the events it tells.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph.types import StateSnapshot

from runline.errors import CheckpointNotFound, InterruptNotFound, NamespaceNotFound, NeverRan, ThreadNotFound
from runline.model.lifecycle import MultitaskStrategy, ThreadStatus, is_active
from runline.model.run import Run, RunSpec, StreamProtocol
from runline.model.thread import Thread
from runline.model.thread_seq import last_seq, through
from runline.model.viewer import Viewer
from runline.runs.heard import HeardRuns
from runline.runs.manager import RunManager
from runline.runs.states import ThreadStates
from runline.storage.thread_streams import ThreadStreamStore

_SETTLE_SECONDS = 5.0
"""How long an answer waits for the run that has asked, which is about to end."""

_TOLD = ("values", "updates", "messages", "tools", "lifecycle", "custom", "tasks", "checkpoints")


@dataclass(frozen=True, slots=True)
class Start:
    """A run to start: what a RunSpec has of the same names."""

    assistant_id: str
    input: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    strategy: MultitaskStrategy = MultitaskStrategy.ENQUEUE
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def checkpoint_id(self) -> str | None:
        """The checkpoint to fork from."""
        return (self.config.get("configurable") or {}).get("checkpoint_id")


@dataclass(frozen=True, slots=True)
class Answer:
    """Responses by the id of the interrupt each answers, and what else a Command may have."""

    responses: dict[str, Any]
    update: Any = None
    goto: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ThreadCommands:
    """The commands on a viewer's threads."""

    runs: RunManager
    states: ThreadStates
    store: ThreadStreamStore
    heard: HeardRuns

    async def applied_through(self, viewer: Viewer, thread_id: str) -> int:
        """The highest seq of all that the thread has told so far; 0 if there is nothing."""
        try:
            run = await self.store.newest_started(viewer, thread_id)
        except ThreadNotFound:
            return 0
        return 0 if run is None else await self.told_through(run)

    async def told_through(self, run: Run) -> int:
        """The highest seq of what a started run has told so far."""
        return through(run, await self.runs.streams.now(run)) if is_active(run.status) else last_seq(run)

    async def start(self, viewer: Viewer, thread_id: str, wanted: Start) -> Run:
        """Start a run, on a thread that is made if there is none; it never waits for one that is busy.

        The input answers what the thread asks, if it asks and is not forked. Raises CheckpointNotFound, and as
        RunManager.create.
        """
        thread = await self._find(viewer, thread_id)
        if wanted.checkpoint_id:
            await self._check(viewer, thread_id, wanted.checkpoint_id)
        spec = RunSpec(
            assistant_id=wanted.assistant_id,
            input=wanted.input,
            config=wanted.config,
            metadata=wanted.metadata,
            multitask_strategy=wanted.strategy,
            headers=wanted.headers,
            create_thread=True,
        )
        if wanted.input is not None and not wanted.checkpoint_id and _asked(thread):
            spec = replace(spec, input=None, command={"resume": wanted.input})
        return await self._create(viewer, thread_id, spec)

    async def respond(self, viewer: Viewer, thread_id: str, answer: Answer) -> Run:
        """Go on with answers to what the thread asks. Raises NeverRan, InterruptNotFound, as RunManager.create."""
        thread = await self._settled(viewer, thread_id)
        asked = _asked(thread)
        for interrupt_id in answer.responses:
            if interrupt_id not in asked:
                raise InterruptNotFound(interrupt_id)
        command = {"resume": answer.responses, "update": answer.update, "goto": answer.goto}
        spec = RunSpec(
            assistant_id=thread.metadata["assistant_id"],
            command={name: value for name, value in command.items() if value is not None},
            config=answer.config,
            metadata=answer.metadata,
            headers=answer.headers,
        )
        return await self._create(viewer, thread_id, spec)

    async def state(self, viewer: Viewer, thread_id: str, namespace: list[str]) -> StateSnapshot:
        """The newest state of a thread, or of a subgraph's namespace. Raises NeverRan, NamespaceNotFound."""
        name = "|".join(namespace)
        try:
            snapshot = await self.states.get(viewer, thread_id, {"checkpoint_ns": name})
        except ThreadNotFound as exc:
            raise NeverRan(thread_id) from exc
        if snapshot is None:
            raise NeverRan(thread_id)
        if namespace and snapshot.created_at is None:
            raise NamespaceNotFound(name)
        return snapshot

    async def run_of(self, viewer: Viewer, thread_id: str, run_id: str | None = None) -> Run:
        """A run of the thread, by default the one that started last. Raises NeverRan, RunNotFound."""
        if run_id:
            return await self.runs.runs.get(viewer, run_id, thread_id)
        if run := await self._newest(viewer, thread_id):
            return run
        raise NeverRan(thread_id)

    async def _newest(self, viewer: Viewer, thread_id: str) -> Run | None:
        with suppress(ThreadNotFound):
            return await self.store.newest_started(viewer, thread_id)
        return None

    async def _create(self, viewer: Viewer, thread_id: str, spec: RunSpec) -> Run:
        told = replace(
            spec, protocol=StreamProtocol.V2, stream_mode=_TOLD, stream_subgraphs=True, stream_resumable=True
        )
        return await self.runs.create(viewer, thread_id, told)

    async def _find(self, viewer: Viewer, thread_id: str) -> Thread | None:
        with suppress(ThreadNotFound):
            return await self.runs.threads.get(viewer, thread_id)
        return None

    async def _check(self, viewer: Viewer, thread_id: str, checkpoint_id: str) -> None:
        with suppress(ThreadNotFound):
            snapshot = await self.states.get(viewer, thread_id, {"checkpoint_id": checkpoint_id})
            if snapshot and snapshot.created_at:
                return
        raise CheckpointNotFound(checkpoint_id)

    async def _settled(self, viewer: Viewer, thread_id: str) -> Thread:
        """The thread after the run that is active on it: clients hear a question before the run that asks has ended."""
        run = await self._newest(viewer, thread_id)
        if run and is_active(run.status):
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_SECONDS):
                    await self.runs.result(run)
        thread = await self._find(viewer, thread_id)
        if thread is None:
            raise NeverRan(thread_id)
        return thread


def _asked(thread: Thread | None) -> set[str]:
    """The ids of the interrupts that a resting thread waits for."""
    if thread is None or thread.status is not ThreadStatus.INTERRUPTED:
        return set()
    return {each["id"] for task in (thread.interrupts or {}).values() for each in task}
