"""VersionStore: what an assistant has been, and going back to it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from runline.errors import NotFound
from runline.kit.ids import new_id
from runline.model.assistant import AssistantChange, AssistantDraft
from runline.model.viewer import Viewer
from storage.world import ALICE, BOB, World


@pytest.fixture
async def hers(world: World) -> str:
    """An assistant of Alice's, at version 1."""
    draft = AssistantDraft(new_id(), "echo", "first", "Words", context={"n": 1}, metadata={"n": 1})
    return (await world.assistants.create(ALICE, draft, exist_ok=False)).assistant_id


async def numbers(world: World, assistant_id: str, viewer: Viewer = ALICE, limit: int = 10, **asked: Any) -> list[int]:
    metadata, offset = asked.get("metadata", {}), asked.get("offset", 0)
    versions = await world.versions.list(viewer, assistant_id, metadata, limit=limit, offset=offset)
    return [version.version for version in versions]


async def test_every_patch_makes_a_version_also_an_empty_one(world: World, hers: str) -> None:
    second = await world.assistants.patch(ALICE, hers, AssistantChange())
    third = await world.assistants.patch(ALICE, hers, AssistantChange("other", "third", metadata={"m": 2}))

    assert (second.version, third.version) == (2, 3)
    assert third == await world.assistants.get(ALICE, hers)
    now, before, first = await world.versions.list(ALICE, hers, {}, limit=10, offset=0)
    assert (now.version, now.graph_id, now.name, now.metadata) == (3, "other", "third", {"n": 1, "m": 2})
    assert (now.created_at, first.created_at) == (third.updated_at, third.created_at)
    assert (before.version, before.name, before.description, before.context) == (2, "first", "Words", {"n": 1})
    assert (first.version, first.config) == (1, {"configurable": {"n": 1}})


async def test_going_back_brings_everything_back_and_the_next_version_goes_on_behind_the_newest(
    world: World, hers: str
) -> None:
    first = await world.assistants.get(ALICE, hers)
    for number in (2, 3):
        change = AssistantChange("other", f"at {number}", "Other", context={"n": number}, metadata={"n": number})
        await world.assistants.patch(ALICE, hers, change)

    back = await world.versions.set_latest(ALICE, hers, 1)

    assert back == await world.assistants.get(ALICE, hers)
    parts = ("version", "graph_id", "name", "description", "config", "context", "metadata", "created_at")
    assert [getattr(back, part) for part in parts] == [getattr(first, part) for part in parts]
    assert back.updated_at > first.updated_at
    assert await numbers(world, hers) == [3, 2, 1]
    onward = await world.assistants.patch(ALICE, hers, AssistantChange(metadata={"m": 1}))
    assert (onward.version, onward.name, onward.metadata) == (4, "first", {"n": 1, "m": 1})


async def test_versions_come_in_pages_and_by_their_metadata(world: World, hers: str) -> None:
    for number in range(2, 7):
        await world.assistants.patch(ALICE, hers, AssistantChange(metadata={"n": number, "even": number % 2 == 0}))

    assert await numbers(world, hers, limit=4) == [6, 5, 4, 3]
    assert await numbers(world, hers, limit=4, offset=4) == [2, 1]
    assert await numbers(world, hers, metadata={"even": True}) == [6, 4, 2]
    assert await numbers(world, hers, metadata={"even": True}, limit=1, offset=1) == [4]
    assert await numbers(world, hers, metadata={"n": 99}) == []
    assert await numbers(world, hers, offset=6) == []


async def test_a_version_that_never_was_is_not_found(world: World, hers: str) -> None:
    for version in (0, 2, 10**9):
        with pytest.raises(NotFound, match=f"Version {version} not found for assistant {hers}"):
            await world.versions.set_latest(ALICE, hers, version)


async def test_versions_are_their_owners(world: World, hers: str) -> None:
    for unseen, viewer in ((hers, BOB), (new_id(), ALICE)):
        with pytest.raises(NotFound, match=f"Assistant {unseen} not found"):
            await numbers(world, unseen, viewer)
        with pytest.raises(NotFound, match=f"Assistant {unseen} not found"):
            await world.versions.set_latest(viewer, unseen, 1)


async def test_no_two_of_many_patches_at_once_make_the_same_version(world: World, hers: str) -> None:
    made = await asyncio.gather(*[world.assistants.patch(ALICE, hers, AssistantChange()) for _ in range(20)])
    assert sorted(assistant.version for assistant in made) == list(range(2, 22))


async def test_a_version_that_cannot_be_read_is_left_out(world: World, hers: str) -> None:
    await world.assistants.patch(ALICE, hers, AssistantChange())
    await world.execute(text("UPDATE assistant_versions SET metadata = '{\"never\": ' WHERE version = 1"))
    assert await numbers(world, hers) == [2]
    assert await numbers(world, hers, metadata={"n": 1}) == [2]
