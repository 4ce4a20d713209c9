"""One's own assistants: a graph with another name, other defaults, and a history of versions."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import BadRequestError, ConflictError, NotFoundError, UnprocessableEntityError

from fundamentals.test_assistants import id_of

CONFIG: Any = {"tags": ["mine"], "recursion_limit": 7, "configurable": {"tone": "dry"}}


@pytest.fixture
async def mine(client: LangGraphClient, mark: dict[str, str]) -> str:
    """An assistant of the graph that says what it is called with."""
    made = await client.assistants.create("mirror", CONFIG, metadata={**mark, "of": "first"}, name="Mine")
    return made["assistant_id"]


async def seen(client: LangGraphClient, assistant_id: str, **asked: Any) -> Any:
    """What a node of a run of this assistant is called with."""
    values: Any = await client.runs.wait(None, assistant_id, input={}, **asked)
    return values["seen"]


async def test_an_assistant_is_made_of_a_graph(client: LangGraphClient) -> None:
    """With nothing but the graph it is called `Untitled`. `configurable` and `context` mirror each other."""
    made: Any = await client.assistants.create("mirror")
    assert (made["graph_id"], made["name"], made["version"], made["description"]) == ("mirror", "Untitled", 1, None)
    assert (made["config"], made["context"], made["metadata"]) == ({}, {}, {})

    mine = str(uuid4())
    given: dict[str, Any] = {"name": "Mine", "description": "Dry", "metadata": {"a": 1}, "context": {"tone": "dry"}}
    made = await client.assistants.create("mirror", assistant_id=mine, **given)
    assert made.items() >= {**given, "assistant_id": mine, "config": {"configurable": {"tone": "dry"}}}.items()
    assert await client.assistants.get(mine) == made


async def test_an_id_is_given_once(client: LangGraphClient, mine: str) -> None:
    """`if_exists="do_nothing"` answers with what is there, untouched."""
    with pytest.raises(ConflictError, match=f"Assistant {mine} already exists"):
        await client.assistants.create("steps", assistant_id=mine)

    again = await client.assistants.create("steps", assistant_id=mine, if_exists="do_nothing", name="Other")
    assert again == await client.assistants.get(mine)
    assert (again["graph_id"], again["name"]) == ("mirror", "Mine")


async def test_what_cannot_be_an_assistant_is_refused(client: LangGraphClient, mine: str) -> None:
    both: Any = {"config": {"configurable": {"a": 1}}, "context": {"b": 2}}
    with pytest.raises(NotFoundError, match=r"Graph 'nobody' not found. Expected one of: \['asks'"):
        await client.assistants.create("nobody")
    with pytest.raises(NotFoundError, match="Graph 'nobody' not found"):
        await client.assistants.update(mine, graph_id="nobody")
    with pytest.raises(BadRequestError, match="Cannot specify both configurable and context"):
        await client.assistants.create("mirror", **both)
    with pytest.raises(BadRequestError, match="Cannot specify both configurable and context"):
        await client.assistants.update(mine, **both)
    with pytest.raises(UnprocessableEntityError, match="metadata: must not be larger than 65536 bytes"):
        await client.assistants.create("mirror", metadata={"text": "x" * 70_000})
    assert (await client.assistants.get(mine))["version"] == 1


async def test_metadata_does_not_grow_beyond_its_limit_by_patches(client: LangGraphClient, mine: str) -> None:
    """Each run would carry it."""
    await client.assistants.update(mine, metadata={"half": "x" * 40_000})
    with pytest.raises(UnprocessableEntityError, match="metadata: must not be larger than 65536 bytes"):
        await client.assistants.update(mine, metadata={"other half": "x" * 40_000})
    await client.assistants.update(mine, metadata={"half": "", "other half": "x" * 40_000})
    assert (await client.assistants.get(mine))["version"] == 3


async def test_null_leaves_nothing_out(http: httpx.AsyncClient, mine: str) -> None:
    """Nobody can tell whether it is to empty a field or to leave it alone."""
    for name in ("graph_id", "name", "description", "config", "context", "metadata"):
        answer = await http.patch(f"/assistants/{mine}", json={name: None})
        assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, name)


async def test_an_unknown_assistant_cannot_be_changed(client: LangGraphClient) -> None:
    unknown = str(uuid4())
    with pytest.raises(NotFoundError, match=f"Assistant {unknown} not found"):
        await client.assistants.update(unknown, name="x")
    with pytest.raises(NotFoundError, match=f"Assistant {unknown} not found"):
        await client.assistants.get_versions(unknown)
    with pytest.raises(NotFoundError, match=f"Assistant {unknown} not found"):
        await client.assistants.set_latest(unknown, 1)
    with pytest.raises(NotFoundError, match=f"Assistant with ID {unknown} not found"):
        await client.assistants.delete(unknown)


async def test_a_run_has_the_config_context_and_metadata_of_its_assistant(client: LangGraphClient, mine: str) -> None:
    """What the run says itself goes before it, key by key."""
    looked = await seen(client, mine)
    assert (looked["tags"], looked["recursion_limit"]) == (["mine"], 7)
    assert (looked["context"], looked["configurable"]["tone"]) == ({"tone": "dry"}, "dry")
    assert looked["metadata"].items() >= {"of": "first", "assistant_id": mine, "graph_id": "mirror"}.items()

    looked = await seen(client, mine, context={"size": 1}, config={"tags": ["other"]}, metadata={"of": "run"})
    assert (looked["tags"], looked["context"]) == (["other"], {"tone": "dry", "size": 1})
    assert looked["metadata"]["of"] == "run"


async def test_every_patch_makes_a_version(client: LangGraphClient, mine: str, mark: dict[str, str]) -> None:
    """Also an empty one. Metadata is merged, config and context are replaced."""
    changed: Any = await client.assistants.update(
        mine, config={"configurable": {"size": 2}}, metadata={"more": 1}, name="Changed", description="Better"
    )
    assert (changed["version"], changed["name"], changed["description"]) == (2, "Changed", "Better")
    assert (changed["config"], changed["context"]) == ({"configurable": {"size": 2}}, {"size": 2})
    assert changed["metadata"] == {**mark, "of": "first", "more": 1}
    assert (await client.assistants.update(mine))["version"] == 3

    versions = await client.assistants.get_versions(mine)
    assert [version["version"] for version in versions] == [3, 2, 1]
    assert [version["name"] for version in versions] == ["Changed", "Changed", "Mine"]
    assert set(versions[0]) == {*changed} - {"updated_at"}
    assert await client.assistants.get_versions(mine, metadata={"more": 1}, limit=1, offset=1) == [versions[1]]
    assert await client.assistants.get_versions(mine, metadata={"more": 2}) == []


async def test_an_earlier_version_can_be_made_the_current_one(client: LangGraphClient, mine: str) -> None:
    """Config and context, metadata, name and graph come back, and runs have them. The next patch goes on behind all."""
    first: Any = await client.assistants.get(mine)
    context = {"size": 2}
    await client.assistants.update(mine, graph_id="tuned", context=context, metadata={"of": "second"}, name="Changed")
    assert (await client.assistants.get(mine))["graph_id"] == "tuned"

    back: Any = await client.assistants.set_latest(mine, 1)

    assert back == {**first, "updated_at": back["updated_at"]}
    looked = await seen(client, mine)
    assert (looked["tags"], looked["context"], looked["metadata"]["of"]) == (["mine"], {"tone": "dry"}, "first")
    with pytest.raises(NotFoundError, match=f"Version 99 not found for assistant {mine}"):
        await client.assistants.set_latest(mine, 99)
    assert (await client.assistants.update(mine, metadata={}))["version"] == 3


async def test_a_context_is_changed_without_the_rest_of_the_config(client: LangGraphClient, mine: str) -> None:
    """And what is empty in a change is empty afterwards."""
    changed: Any = await client.assistants.update(mine, context={"size": 2})
    rest: Any = {"tags": ["mine"], "recursion_limit": 7}
    assert (changed["config"], changed["context"]) == ({**rest, "configurable": {"size": 2}}, {"size": 2})

    changed = await client.assistants.update(mine, context={})
    assert (changed["config"], changed["context"]) == (rest, {})

    changed = await client.assistants.update(mine, config={})
    assert (changed["config"], changed["context"]) == ({}, {})
    assert (await seen(client, mine))["tags"] is None


async def test_assistants_are_found_sorted_and_paged(http: httpx.AsyncClient, mark: dict[str, str]) -> None:
    for name, graph_id in (("beta", "steps"), ("Alpha", "mirror"), ("gamma", "steps")):
        made = await http.post("/assistants", json={"graph_id": graph_id, "name": name, "metadata": mark})
        assert made.status_code == 200

    async def names(**asked: Any) -> tuple[list[str], str, str | None]:
        page = await http.post("/assistants/search", json={"metadata": mark, "select": ["name"], **asked})
        found = [assistant["name"] for assistant in page.json()]
        return found, page.headers["x-pagination-total"], page.headers.get("x-pagination-next")

    assert await names() == (["gamma", "Alpha", "beta"], "3", None)
    assert await names(limit=2) == (["gamma", "Alpha"], "3", "2")
    assert await names(offset=2) == (["beta"], "3", None)
    assert await names(offset=9) == ([], "3", None)
    assert await names(name="A", graph_id="steps") == (["gamma", "beta"], "2", None)
    assert await names(sort_by="created_at", sort_order="asc") == (["beta", "Alpha", "gamma"], "3", None)
    assert (await names(sort_by="graph_id", sort_order="asc"))[0][0] == "Alpha"
    # whatever the case of its letters
    assert await names(sort_by="name", sort_order="asc") == (["Alpha", "beta", "gamma"], "3", None)
    for sort_by in ("assistant_id", "updated_at", "name"):
        up, down = [(await names(sort_by=sort_by, sort_order=order))[0] for order in ("asc", "desc")]
        assert up == down[::-1]
    counted = await http.post("/assistants/count", json={"metadata": mark, "name": "ALPHA"})
    assert counted.json() == 1


async def test_an_assistant_may_be_of_a_graph_that_is_broken_now(client: LangGraphClient) -> None:
    made = await client.assistants.create("broken")
    with pytest.raises(UnprocessableEntityError, match="broken on purpose"):
        await client.runs.create(None, made["assistant_id"], input={})
    assert made["assistant_id"] != id_of("broken")


async def test_what_is_changed_holds_from_the_next_run_on(client: LangGraphClient, mine: str) -> None:
    """Though the gateway remembers the assistants that it has made runs of."""
    for tone in ("dry", "warm", "loud"):
        await client.assistants.update(mine, config={"configurable": {"tone": tone}})
        for _ in range(2):
            assert (await seen(client, mine))["configurable"]["tone"] == tone
    await client.assistants.set_latest(mine, 2)
    assert (await seen(client, mine))["configurable"]["tone"] == "dry"
    await client.assistants.delete(mine)
    with pytest.raises(NotFoundError, match="Thread or assistant not found"):
        await client.runs.create(None, mine)
