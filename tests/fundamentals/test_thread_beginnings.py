"""Threads that do not begin empty: supersteps carry a conversation from one deployment to another."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import log, log_of

ASKED: dict[str, Any] = {"updates": [{"values": log("asked"), "as_node": "__start__"}]}
ANSWERED: dict[str, Any] = {"updates": [{"values": log("answered"), "as_node": "one"}]}
NOWHERE: dict[str, Any] = {"updates": [{"values": log("lost"), "as_node": "nowhere"}]}


async def test_supersteps_are_the_past_of_a_new_thread(client: LangGraphClient) -> None:
    """Each superstep is a checkpoint, as if the nodes had run; the next run goes on from the last."""
    thread = await client.threads.create(graph_id="steps", supersteps=[ASKED, ANSWERED])

    assert (thread["status"], log_of(thread["values"])) == ("interrupted", ["asked", "answered"])
    past = await client.threads.get_history(thread["thread_id"])
    assert [(log_of(state["values"]), state["next"]) for state in past] == [
        (["asked", "answered"], ["two"]),
        (["asked"], ["one"]),
    ]
    assert (past[-1]["metadata"] or {})["graph_id"] == "steps"
    values = await client.runs.wait(thread["thread_id"], "steps", input=None)
    assert log_of(values) == ["asked", "answered", "two", "three"]


async def test_an_update_may_be_a_command(client: LangGraphClient) -> None:
    """What a node returned may have been a command: an update, and where to go."""
    command: dict[str, Any] = {"values": None, "command": {"update": log("told"), "goto": "three"}, "as_node": "one"}
    thread = await client.threads.create(graph_id="steps", supersteps=[ASKED, {"updates": [command]}])

    assert log_of(thread["values"]) == ["asked", "told"]
    assert "three" in (await client.threads.get_state(thread["thread_id"]))["next"]


async def test_a_superstep_that_fails_leaves_no_thread(http: httpx.AsyncClient, mark: dict[str, str]) -> None:
    """The official server leaves a half-made thread and answers 201; here it is 4xx, and the id is free."""
    thread_id = str(uuid4())
    body = {"thread_id": thread_id, "metadata": {**mark, "graph_id": "steps"}}

    refused = await http.post("/threads", json={**body, "supersteps": [ASKED, NOWHERE]})

    assert (refused.status_code, refused.json()) == (400, {"detail": "Node nowhere does not exist"})
    assert (await http.get(f"/threads/{thread_id}")).status_code == 404
    assert (await http.post("/threads/count", json={"metadata": mark})).json() == 0
    made = await http.post("/threads", json={**body, "supersteps": [ASKED, ANSWERED]})
    assert log_of(made.json()["values"]) == ["asked", "answered"]


async def test_the_graph_of_supersteps_is_that_of_the_metadata(http: httpx.AsyncClient) -> None:
    for metadata, status in (({}, 400), ({"graph_id": "unknown"}, 404), ({"graph_id": "broken"}, 422)):
        refused = await http.post("/threads", json={"metadata": metadata, "supersteps": [ASKED]})
        assert refused.status_code == status
        assert refused.json()["detail"]
