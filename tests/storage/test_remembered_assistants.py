"""RunStore.admit of an assistant that was read some time ago: it is still what it was, or no run is made of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runline.errors import AssistantChanged
from runline.kit.ids import new_id
from runline.model.assistant import Assistant, AssistantChange, AssistantDraft
from runline.model.lifecycle import StopReason
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunFilter
from storage.world import ASSISTANT, World

DRAFT = AssistantDraft(new_id(), ASSISTANT.graph_id, "Mine", None, metadata={"is": "mine"})


async def remembered(world: World) -> Assistant:
    return replace(await world.assistants.create(ANONYMOUS, DRAFT, exist_ok=True), remembered=True)


async def admit(world: World, assistant: Assistant, thread_id: str | None = None) -> Run:
    """A run of it, on a thread of its own unless one is named."""
    run = world.run(thread_id or new_id(), create_thread=thread_id is None)
    return (await world.runs.admit(run, assistant, None)).run


@pytest.mark.parametrize("exists", [True, False])
async def test_a_run_is_made_of_one_that_is_as_it_was(world: World, *, exists: bool) -> None:
    assistant = await remembered(world)
    thread_id = (await world.thread()).thread_id if exists else None
    assert (await admit(world, assistant, thread_id)).metadata["is"] == "mine"


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("change", ["patched", "taken back", "deleted", "made anew"])
async def test_none_is_made_of_one_that_is_not(world: World, change: str, *, exists: bool) -> None:
    assistant = await remembered(world)
    if change in ("patched", "taken back"):
        await world.assistants.patch(ANONYMOUS, DRAFT.assistant_id, AssistantChange(name="Other"))
    if change == "taken back":
        await world.versions.set_latest(ANONYMOUS, DRAFT.assistant_id, 1)
    if change in ("deleted", "made anew"):
        await world.assistants.delete(ANONYMOUS, DRAFT.assistant_id)
    if change == "made anew":
        await remembered(world)
    thread_id = (await world.thread()).thread_id if exists else None
    with pytest.raises(AssistantChanged):
        await admit(world, assistant, thread_id)
    assert await world.runs.request_stop(ANONYMOUS, RunFilter(), StopReason.INTERRUPT) == []
    await admit(world, replace(assistant, remembered=False), thread_id)
