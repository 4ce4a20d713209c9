"""Assistants: each graph has one from the start, under an id that is the same in every deployment."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError

GRAPHS = ["asks", "asks_many", "broken", "chat", "counter", "family", "mirror", "spends", "steps", "tuned"]
SYSTEM = {"created_by": "system"}
OFFICIAL_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


def id_of(graph_id: str) -> str:
    """The id that every LangGraph server gives the assistant of a graph."""
    return str(uuid5(OFFICIAL_NAMESPACE, graph_id))


async def test_every_graph_has_an_assistant(client: LangGraphClient) -> None:
    found = await client.assistants.search(metadata=SYSTEM, limit=100, sort_by="name", sort_order="asc")

    assert [assistant["graph_id"] for assistant in found] == GRAPHS
    assert [assistant["assistant_id"] for assistant in found] == [id_of(name) for name in GRAPHS]
    assert await client.assistants.count(metadata=SYSTEM) == len(GRAPHS)


async def test_an_assistant_is_read_by_its_id(client: LangGraphClient) -> None:
    """The description is langgraph.json's."""
    assistant: Any = await client.assistants.get(id_of("steps"))

    assert (
        assistant.items()
        >= {
            "graph_id": "steps",
            "name": "steps",
            "version": 1,
            "description": "Three nodes in a row",
            "metadata": {"created_by": "system"},
            "config": {},
            "context": {},
        }.items()
    )


async def test_an_unknown_assistant_is_not_found(client: LangGraphClient) -> None:
    with pytest.raises(NotFoundError):
        await client.assistants.get(str(uuid4()))
    with pytest.raises(UnprocessableEntityError, match="Invalid assistant ID: must be a UUID"):
        await client.assistants.get("steps")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"metadata": SYSTEM, "graph_id": "chat"}, ["chat"]),
        ({"metadata": SYSTEM, "name": "ASKS"}, ["asks", "asks_many"]),
        ({"metadata": SYSTEM, "name": "many"}, ["asks_many"]),
        ({"metadata": {"created_by": "nobody"}}, []),
    ],
)
async def test_assistants_are_found_by_graph_name_and_metadata(
    client: LangGraphClient, wanted: Any, found: list[str]
) -> None:
    """The name matches in part, and in any letter case."""
    assistants = await client.assistants.search(**wanted, sort_by="name", sort_order="asc")

    assert [assistant["name"] for assistant in assistants] == found
    assert await client.assistants.count(**wanted) == len(found)


async def test_a_search_for_a_graph_that_is_not_served_says_which_are(client: LangGraphClient) -> None:
    with pytest.raises(NotFoundError, match=r"Graph 'nobody' not found. Expected one of: \['asks'"):
        await client.assistants.search(graph_id="nobody")


async def test_pages_of_assistants(http: httpx.AsyncClient) -> None:
    body = {"limit": 4, "offset": 4, "sort_by": "graph_id", "sort_order": "asc", "select": ["graph_id"]}
    page = await http.post("/assistants/search", json={"metadata": SYSTEM, **body})

    assert page.json() == [{"graph_id": name} for name in GRAPHS[4:8]]
    assert (page.headers["x-pagination-total"], page.headers["x-pagination-next"]) == (str(len(GRAPHS)), "8")


async def test_a_graph_can_be_drawn(client: LangGraphClient) -> None:
    """By the assistant's id or the graph's name; `xray` opens subgraphs."""
    drawn = await client.assistants.get_graph("steps")
    assert drawn == await client.assistants.get_graph(id_of("steps"))
    assert [node["id"] for node in drawn["nodes"]] == ["__start__", "one", "two", "three", "__end__"]
    assert {(edge["source"], edge["target"]) for edge in drawn["edges"]} >= {("one", "two"), ("two", "three")}

    closed, opened = [await client.assistants.get_graph("family", xray=xray) for xray in (False, True)]
    assert "child" in [node["id"] for node in closed["nodes"]]
    assert {"child:prepare", "child:ask"} <= {node["id"] for node in opened["nodes"]}


async def test_a_graph_has_schemas(client: LangGraphClient) -> None:
    """Forms can be made from them: what goes in, what the state holds, what can be tuned."""
    schemas: Any = await client.assistants.get_schemas(id_of("steps"))

    assert schemas["graph_id"] == "steps"
    assert schemas["input_schema"]["properties"]["log"]["type"] == "array"
    assert set(schemas["state_schema"]["properties"]) == {"log"}
    assert set(schemas["context_schema"]["properties"]) == {"gate", "fail", "stubborn"}
    assert schemas["config_schema"] == schemas["context_schema"]


async def test_a_broken_graph_has_neither_picture_nor_schemas(http: httpx.AsyncClient) -> None:
    """But it has an assistant, so that the console can show what is wrong."""
    for what in ("graph", "schemas"):
        answer = await http.get(f"/assistants/{id_of('broken')}/{what}")
        assert answer.status_code == 422
        assert "broken on purpose" in answer.json()["detail"]
