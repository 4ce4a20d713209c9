"""Threads that begin with a state: made by supersteps, each a list of updates as if by nodes.

Divergence 47: supersteps are applied whole or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from langgraph.types import StateUpdate

from runline.errors import SlotLost, ThreadNotFound
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.invocation import as_command
from runline.model.thread import Thread
from runline.model.ttl import Ttl
from runline.model.viewer import Viewer
from runline.runs.slots import ThreadSlots
from runline.runs.states import ThreadStates
from runline.storage.threads import Hold, ThreadStore
from runline.storage.unseen import UnseenStore


@dataclass(frozen=True, slots=True)
class NodeUpdate:
    """What a node would have written: values, or a command as sent."""

    as_node: str
    values: Any = None
    command: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ThreadSpec:
    """What the caller asked for when a thread was created."""

    thread_id: str | None
    metadata: dict[str, Any]
    exist_ok: bool = False
    ttl: Ttl | None = None
    supersteps: Sequence[Sequence[NodeUpdate]] = ()


@dataclass(frozen=True, slots=True)
class ThreadMaker:
    """Creates threads, those with supersteps in the dark: they are seen whole or not at all."""

    saver: RunlineSaver
    states: ThreadStates
    slots: ThreadSlots
    threads: ThreadStore
    unseen: UnseenStore

    async def create(self, viewer: Viewer, spec: ThreadSpec) -> Thread:
        """Create a thread; with `exist_ok` one of the viewer's that exists is returned untouched.

        Raises Conflict (the id is taken), and BadRequest, NotFound or GraphUnavailable if its supersteps fail.
        """
        if not spec.supersteps:
            return await self.threads.create(
                viewer, spec.thread_id, spec.metadata, exist_ok=spec.exist_ok, ttl=spec.ttl
            )
        thread, hold = await self.unseen.begin(
            viewer, spec.thread_id, spec.metadata, self.slots.hold_seconds, exist_ok=spec.exist_ok
        )
        return await self._finish(viewer, thread, spec, hold) if hold else thread

    async def _finish(self, viewer: Viewer, thread: Thread, spec: ThreadSpec, hold: Hold) -> Thread:
        supersteps = [[_as_update(update) for update in updates] for updates in spec.supersteps]
        async with self.slots.keep(hold):
            try:
                state = await self.states.begin(thread, supersteps)
                return await self.unseen.show(hold, state, spec.ttl)
            except BaseException:
                await asyncio.shield(self._undo(viewer, hold))
                raise

    async def _undo(self, viewer: Viewer, hold: Hold) -> None:
        # this process stood still, and others have removed it
        with suppress(SlotLost, ThreadNotFound):
            await self.saver.adelete_thread(hold.thread_id)
            await self.threads.delete(viewer, hold.thread_id, hold)


def _as_update(update: NodeUpdate) -> StateUpdate:
    command = as_command(update.command)
    return StateUpdate(update.values if command is None else command, update.as_node)  # type: ignore[arg-type]  # takes both
