"""What goes with an assistant that is deleted: its active runs are stopped, and its threads go if they are to."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from runline.errors import NotFound, ThreadNotFound
from runline.model.lifecycle import CancelAction
from runline.model.thread import ThreadFilter
from runline.model.viewer import Viewer
from runline.runs.manager import RunManager
from runline.storage.assistants import AssistantStore
from runline.storage.runs import RunFilter
from runline.storage.threads import ThreadStore


@dataclass(frozen=True, slots=True)
class AssistantRemoval:
    """Deletes assistants."""

    assistants: AssistantStore
    threads: ThreadStore
    runs: RunManager

    async def delete(self, viewer: Viewer, assistant_id: str, *, with_threads: bool) -> None:
        """Delete an assistant with its versions and interrupt its active runs, as the official server was seen to.

        `with_threads`: and the viewer's threads whose metadata names it, which is what their newest run was of. They go
        before the assistant, so that a call that was cut short can be repeated. Raises NotFound, ThreadBusy.
        """
        if with_threads:
            await self.assistants.get(viewer, assistant_id)
            for thread_id in await self.threads.ids(viewer, ThreadFilter(metadata={"assistant_id": assistant_id})):
                with suppress(ThreadNotFound):
                    await self.runs.delete_thread(viewer, thread_id)
        await self.assistants.delete(viewer, assistant_id)
        with suppress(NotFound):
            await self.runs.cancel_many(viewer, RunFilter(assistant_id=assistant_id), CancelAction.INTERRUPT)
