"""AssistantStore: the deployment's assistants follow its graphs, and everybody sees them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from runline.errors import NotFound
from runline.kit.ids import new_id
from runline.model.assistant import graph_assistant_id
from runline.model.thread import Page
from runline.model.viewer import ANONYMOUS, Viewer
from runline.storage.assistants import AssistantFilter
from runline.storage.tables import assistants
from storage.world import ALICE, BOB, World

NAMES = Page(limit=100, sort_by="name", descending=False)


async def own(world: World, viewer: Viewer, name: str, **columns: Any) -> str:
    """An assistant that a user made (there is no way to make one through the store yet)."""
    now = world.clock.now()
    row = {"graph_id": "echo", "version": 1, "created_at": now, "updated_at": now, "config": {}, "context": {}}
    row |= {"assistant_id": new_id(), "owner": viewer.identity, "name": name, "metadata": {}} | columns
    await world.execute(insert(assistants).values(row))
    return str(row["assistant_id"])


async def found(world: World, viewer: Viewer = ANONYMOUS, page: Page = NAMES, **wanted: Any) -> list[str]:
    listed = [assistant.name for assistant in await world.assistants.search(viewer, AssistantFilter(**wanted), page)]
    if page is NAMES:
        assert len(listed) == await world.assistants.count(viewer, AssistantFilter(**wanted))
    return listed


async def test_every_graph_has_an_assistant_under_its_official_id(world: World) -> None:
    await world.assistants.sync_graphs({"agent": "Says hello", "other": None})
    assert graph_assistant_id("agent") == "fe096781-5601-53d2-b2f6-0d3403f7e9ca"
    agent = await world.assistants.get(ANONYMOUS, graph_assistant_id("agent"))
    assert (agent.graph_id, agent.name, agent.description, agent.version) == ("agent", "agent", "Says hello", 1)
    assert (agent.config, agent.context, agent.metadata) == ({}, {}, {"created_by": "system"})
    assert await found(world) == ["agent", "other"]


async def test_a_second_start_with_the_same_graphs_changes_nothing(world: World) -> None:
    await world.assistants.sync_graphs({"agent": "Says hello"})
    before = await world.assistants.get(ANONYMOUS, graph_assistant_id("agent"))
    await world.assistants.sync_graphs({"agent": "Says hello"})
    assert await world.assistants.get(ANONYMOUS, graph_assistant_id("agent")) == before


async def test_a_new_description_is_taken_over(world: World) -> None:
    await world.assistants.sync_graphs({"agent": "Says hello"})
    before = await world.assistants.get(ANONYMOUS, graph_assistant_id("agent"))
    await world.assistants.sync_graphs({"agent": None})
    after = await world.assistants.get(ANONYMOUS, graph_assistant_id("agent"))
    assert after.description is None
    assert (after.created_at, after.updated_at > before.updated_at) == (before.created_at, True)


async def test_the_assistant_of_a_graph_that_is_gone_goes_and_those_of_users_stay(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None, "gone": None})
    await own(world, ALICE, "mine", graph_id="gone")
    await world.assistants.sync_graphs({"agent": None})
    assert await found(world, ALICE) == ["agent", "mine"]


async def test_no_graphs_leave_no_assistants(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None})
    await world.assistants.sync_graphs({})
    assert await found(world) == []


async def test_an_unknown_assistant_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match=r"^Not Found$"):
        await world.assistants.get(ANONYMOUS, new_id())


async def test_a_viewer_sees_their_own_and_the_deployments(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None})
    hers, his = await own(world, ALICE, "hers"), await own(world, BOB, "his")
    assert await found(world, ALICE) == ["agent", "hers"]
    assert await found(world) == ["agent"]
    assert (await world.assistants.get(ALICE, hers)).owner == "alice"
    with pytest.raises(NotFound):
        await world.assistants.get(ALICE, his)


async def test_a_search_filters_by_graph_metadata_and_part_of_the_name(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None, "other": None})
    await own(world, ANONYMOUS, "My 100% Agent", graph_id="other", metadata={"team": {"id": 1, "x": 2}})
    assert await found(world, graph_id="other") == ["My 100% Agent", "other"]
    assert await found(world, metadata={"team": {"id": 1}}) == ["My 100% Agent"]
    assert await found(world, metadata={"created_by": "system"}) == ["agent", "other"]
    assert await found(world, name="AGENT") == ["My 100% Agent", "agent"]
    assert await found(world, name="0% a") == ["My 100% Agent"]
    assert await found(world, name="%") == ["My 100% Agent"]
    assert await found(world, name="_") == []
    assert await found(world, graph_id="other", name="agent") == ["My 100% Agent"]


async def test_pages_cover_everything_once_though_all_were_made_at_one_moment(world: World) -> None:
    await world.assistants.sync_graphs({f"graph {number}": None for number in range(7)})
    pages = [await found(world, page=Page(limit=3, offset=offset, sort_by="created_at")) for offset in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({name for page in pages for name in page}) == 7
