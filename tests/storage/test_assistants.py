"""AssistantStore: users make assistants; the deployment's follow its graphs, and everybody sees them."""

from __future__ import annotations

from typing import Any

import pytest

from runline.errors import BadRequest, Conflict, NotFound
from runline.kit.ids import new_id
from runline.model.assistant import AssistantChange, AssistantDraft, graph_assistant_id
from runline.model.thread import Page
from runline.model.viewer import ANONYMOUS, Viewer
from runline.storage.assistants import AssistantFilter
from runline.storage.tables import assistants
from storage.world import ALICE, BOB, World

NAMES = Page(limit=100, sort_by="name", descending=False)


async def own(world: World, viewer: Viewer, name: str, assistant_id: str | None = None, **more: Any) -> str:
    """An assistant that a user made."""
    draft = AssistantDraft(assistant_id or new_id(), more.pop("graph_id", "echo"), name, **more)
    return (await world.assistants.create(viewer, draft, exist_ok=False)).assistant_id


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
    assert await found(world, name="AGENT") == ["agent", "My 100% Agent"]
    assert await found(world, name="0% a") == ["My 100% Agent"]
    assert await found(world, name="%") == ["My 100% Agent"]
    assert await found(world, name="_") == []
    assert await found(world, graph_id="other", name="agent") == ["My 100% Agent"]


async def test_pages_cover_everything_once_though_all_were_made_at_one_moment(world: World) -> None:
    await world.assistants.sync_graphs({f"graph {number}": None for number in range(7)})
    pages = [await found(world, page=Page(limit=3, offset=offset, sort_by="created_at")) for offset in (0, 3, 6)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({name for page in pages for name in page}) == 7


async def test_an_id_is_taken_once_whoever_took_it(world: World) -> None:
    hers = await own(world, ALICE, "hers", context={"tone": "dry"})
    again = AssistantDraft(hers, "other", "again")
    for viewer in (ALICE, BOB):
        with pytest.raises(Conflict, match=f"Assistant {hers} already exists"):
            await world.assistants.create(viewer, again, exist_ok=False)
    assert (await world.assistants.create(ALICE, again, exist_ok=True)).name == "hers"
    with pytest.raises(Conflict):
        await world.assistants.create(BOB, again, exist_ok=True)
    kept = await world.assistants.get(ALICE, hers)
    assert (kept.graph_id, kept.version, kept.config) == ("echo", 1, {"configurable": {"tone": "dry"}})


async def test_nothing_is_made_of_a_draft_with_both_configurable_and_context(world: World) -> None:
    with pytest.raises(BadRequest):
        await own(world, ALICE, "both", config={"configurable": {"a": 1}}, context={"b": 1})
    assert await found(world, ALICE) == []


async def test_nobody_changes_or_deletes_what_is_somebody_elses(world: World) -> None:
    hers = await own(world, ALICE, "hers")
    with pytest.raises(NotFound, match=f"Assistant {hers} not found"):
        await world.assistants.patch(BOB, hers, AssistantChange(name="his"))
    with pytest.raises(NotFound, match=f"Assistant with ID {hers} not found"):
        await world.assistants.delete(BOB, hers)
    assert (await world.assistants.get(ALICE, hers)).name == "hers"


async def test_a_deleted_assistant_is_gone_with_its_versions(world: World) -> None:
    hers = await own(world, ALICE, "hers")
    await world.assistants.patch(ALICE, hers, AssistantChange())
    await world.assistants.delete(ALICE, hers)
    with pytest.raises(NotFound):
        await world.assistants.get(ALICE, hers)
    assert await world.count("assistant_versions") == 0
    await own(world, BOB, "now his", hers)
    assert await found(world, BOB) == ["now his"]


async def test_what_was_patched_in_a_graphs_assistant_outlives_a_start_but_for_the_projects_words(world: World) -> None:
    await world.assistants.sync_graphs({"agent": "Says hello", "other": None})
    agent = graph_assistant_id("agent")
    change = AssistantChange("other", "Mine", "My words", context={"tone": "dry"}, metadata={"mine": True})
    await world.assistants.patch(ALICE, agent, change)

    await world.assistants.sync_graphs({"agent": "Says hello", "other": None})

    started = await world.assistants.get(BOB, agent)
    assert (started.graph_id, started.name, started.description) == ("agent", "agent", "Says hello")
    assert (started.version, started.context) == (3, {"tone": "dry"})
    assert started.metadata == {"created_by": "system", "mine": True}
    assert (await world.assistants.get(BOB, graph_assistant_id("other"))).version == 1


async def test_a_deleted_assistant_of_a_graph_comes_back_with_the_next_start(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None})
    agent = graph_assistant_id("agent")
    await world.assistants.patch(ALICE, agent, AssistantChange(metadata={"mine": True}))
    await world.assistants.delete(ALICE, agent)
    assert await found(world) == []

    await world.assistants.sync_graphs({"agent": None})

    again = await world.assistants.get(ALICE, agent)
    assert (again.version, again.metadata) == (1, {"created_by": "system"})


async def test_the_assistant_of_a_graph_can_be_made_again_by_anybody_for_everybody(world: World) -> None:
    await world.assistants.sync_graphs({"agent": "Says hello"})
    agent = graph_assistant_id("agent")
    await world.assistants.delete(ALICE, agent)
    await own(world, ALICE, "Again", agent, graph_id="agent", metadata={"hers": 1})
    assert (await world.assistants.get(BOB, agent)).name == "Again"

    await world.assistants.sync_graphs({"agent": "Says hello"})

    seen = await world.assistants.get(BOB, agent)
    assert (seen.name, seen.description, seen.version, seen.metadata) == ("agent", "Says hello", 2, {"hers": 1})


async def test_what_somebody_made_under_a_graphs_id_of_another_graph_gives_way(world: World) -> None:
    """Nobody else saw it, so it does not become everybody's; and nobody is kept from the graph."""
    agent = await own(world, ALICE, "hers", graph_assistant_id("agent"), graph_id="other", context={"secret": 1})
    with pytest.raises(NotFound):
        await world.assistants.get(BOB, agent)

    await world.assistants.sync_graphs({"agent": None})

    seen = await world.assistants.get(BOB, agent)
    assert (seen.graph_id, seen.name, seen.version, seen.context) == ("agent", "agent", 1, {})
    assert await world.count("assistant_versions") == 1


async def test_an_assistant_that_cannot_be_read_keeps_no_gateway_from_starting(world: World) -> None:
    await world.assistants.sync_graphs({"agent": None, "other": None})
    await world.poison(assistants, graph_assistant_id("agent"), config='{"never": ', name="x")

    await world.assistants.sync_graphs({"agent": None, "other": "New"})

    assert [each.description for each in await world.assistants.search(ALICE, AssistantFilter(), NAMES)] == ["New"]


@pytest.mark.parametrize("sort_by", ["name", "graph_id"])
async def test_names_sort_alike_in_all_databases(world: World, sort_by: str) -> None:
    """Byte by byte, names in any letter case of ASCII; a database's own order may be that of a language."""
    in_order = {
        "name": ["-y", "_x", "A-1", "a1", "B", "Ä-b", "Äb", "äa"],
        "graph_id": ["-y", "A", "B", "_x", "a", "Ä"],
    }
    ordered = in_order[sort_by]
    for name in reversed(ordered):
        await own(world, ANONYMOUS, name, graph_id=name)
    for descending in (False, True):
        page = Page(limit=100, sort_by=sort_by, descending=descending)
        assert await found(world, page=page) == ordered[:: -1 if descending else 1]
