"""State: read it, at any checkpoint and inside subgraphs; change it by hand."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import BadRequestError, ConflictError

from fundamentals.gate import Gate
from fundamentals.reading import log, log_of

STEPS = ["one", "two", "three"]
EMPTY: dict[str, Any] = {
    "values": {},
    "next": [],
    "tasks": [],
    "metadata": None,
    "created_at": None,
    "checkpoint": None,
    "parent_checkpoint": None,
    "interrupts": [],
    "checkpoint_id": None,
    "parent_checkpoint_id": None,
}


async def history(client: LangGraphClient, thread_id: str, **query: Any) -> list[Any]:
    """Past states, newest first."""
    return list(await client.threads.get_history(thread_id, **({"limit": 100} | query)))


async def test_a_fresh_thread_has_an_empty_state(client: LangGraphClient, thread_id: str) -> None:
    """`checkpoint` is null until something was saved."""
    assert await client.threads.get_state(thread_id) == EMPTY
    assert await history(client, thread_id) == []


async def test_state_says_where_the_graph_stands(client: LangGraphClient, thread_id: str) -> None:
    """Values, what comes next, and which checkpoint this is, with its parent."""
    await client.runs.wait(thread_id, "steps", input=log(), interrupt_before=["three"])

    state: Any = await client.threads.get_state(thread_id)

    assert (state["values"], state["next"]) == ({"log": ["one", "two"]}, ["three"])
    assert [task["name"] for task in state["tasks"]] == ["three"]
    assert state["checkpoint"] == {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": state["checkpoint_id"]}
    parent = (await history(client, thread_id))[1]
    assert state["parent_checkpoint"] == parent["checkpoint"]


async def test_history_goes_from_the_newest_state_to_the_input(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log("in"))

    states = await history(client, thread_id)

    assert [log_of(state["values"]) for state in states] == [["in", *STEPS][:n] for n in (4, 3, 2, 1, 0)]
    assert [state["next"] for state in states] == [[], ["three"], ["two"], ["one"], ["__start__"]]


async def test_history_is_read_in_pages(client: LangGraphClient, thread_id: str) -> None:
    """`before` takes a checkpoint's id, a checkpoint, or a config that holds one."""
    await client.runs.wait(thread_id, "steps", input=log())
    states = await history(client, thread_id)
    assert await history(client, thread_id, limit=2) == states[:2]

    checkpoint = states[1]["checkpoint"]
    for before in (checkpoint["checkpoint_id"], checkpoint, {"configurable": checkpoint}):
        assert await history(client, thread_id, limit=2, before=before) == states[2:4]


async def test_history_by_get_is_the_same(client: LangGraphClient, thread_id: str) -> None:
    """For browsers and curl; one state unless `limit` says more."""
    await client.runs.wait(thread_id, "steps", input=log())
    states = await history(client, thread_id)

    path = f"/threads/{thread_id}/history"
    assert await client.http.get(path) == states[:1]
    assert await client.http.get(path, params={"limit": 3}) == states[:3]
    query = {"limit": 100, "before": states[2]["checkpoint_id"]}
    assert await client.http.get(path, params=query) == states[3:]


async def test_history_is_filtered_by_metadata(client: LangGraphClient, thread_id: str) -> None:
    """Checkpoints carry the metadata of the run that wrote them."""
    for turn in ("first", "second"):
        await client.runs.wait(thread_id, "steps", input=log(turn), metadata={"turn": turn})

    states = await history(client, thread_id, metadata={"turn": "first"})

    assert len(states) == 5
    assert log_of(states[0]["values"]) == ["first", *STEPS]


async def test_any_state_of_the_past_can_be_read_again(client: LangGraphClient, thread_id: str) -> None:
    """By the checkpoint's id in the path, or by a checkpoint in the body."""
    await client.runs.wait(thread_id, "steps", input=log())
    for state in await history(client, thread_id):
        assert await client.threads.get_state(thread_id, checkpoint_id=state["checkpoint_id"]) == state
        assert await client.threads.get_state(thread_id, checkpoint=state["checkpoint"]) == state


@pytest.mark.parametrize("checkpoint_id", ["1f1e4cde-0119-62ef-8000-899eb7616390", "yesterday"])
async def test_an_unknown_checkpoint_has_an_empty_state(
    client: LangGraphClient, thread_id: str, checkpoint_id: str
) -> None:
    await client.runs.wait(thread_id, "steps", input=log())

    state: Any = await client.threads.get_state(thread_id, checkpoint_id=checkpoint_id)

    assert state["values"] == {}
    assert state["checkpoint"].items() >= {"checkpoint_id": checkpoint_id, "thread_id": thread_id}.items()


async def test_the_state_of_a_subgraph_is_seen_while_it_waits(client: LangGraphClient, thread_id: str) -> None:
    """Either nested in the task that runs it, or by the namespace that the task names."""
    await client.runs.wait(thread_id, "family", input=log("in"))

    outside: Any = await client.threads.get_state(thread_id)
    checkpoint = outside["tasks"][0]["checkpoint"]
    assert checkpoint["checkpoint_ns"] == f"child:{outside['tasks'][0]['id']}"
    inside: Any = await client.threads.get_state(thread_id, checkpoint=checkpoint)
    assert (inside["values"], inside["next"]) == ({"log": ["in", "prepared"]}, ["ask"])

    nested: Any = await client.threads.get_state(thread_id, subgraphs=True)
    assert nested["tasks"][0]["checkpoint"] is None
    assert nested["tasks"][0]["state"]["values"] == inside["values"]
    assert outside["tasks"][0]["state"] is None


async def test_a_subgraph_has_a_history_of_its_own(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "family", input=log("in"))
    outside: Any = await client.threads.get_state(thread_id)

    states = await history(client, thread_id, checkpoint=outside["tasks"][0]["checkpoint"])

    assert [log_of(state["values"]) for state in states] == [["in", "prepared"], ["in"], []]


async def test_an_update_writes_a_new_checkpoint(client: LangGraphClient, thread_id: str) -> None:
    """Values go through the reducers, as a node's would; the answer names the checkpoint."""
    await client.runs.wait(thread_id, "steps", input=log())

    written: Any = await client.threads.update_state(thread_id, {"log": ["by hand"]})

    state: Any = await client.threads.get_state(thread_id)
    assert log_of(state["values"]) == [*STEPS, "by hand"]
    assert written["checkpoint"] == state["checkpoint"]
    assert (await client.threads.get(thread_id))["values"] == state["values"]


async def test_an_update_as_a_node_decides_what_comes_next(client: LangGraphClient, thread_id: str) -> None:
    """The graph goes on as if that node had just returned these values."""
    await client.runs.wait(thread_id, "steps", input=log())

    await client.threads.update_state(thread_id, {"log": ["in place of one"]}, as_node="one")

    assert (await client.threads.get_state(thread_id))["next"] == ["two"]
    assert (await client.threads.get(thread_id))["status"] == "interrupted"
    assert log_of(await client.runs.wait(thread_id, "steps")) == [*STEPS, "in place of one", "two", "three"]


async def test_an_update_can_fork_from_the_past(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log())
    after_one = (await history(client, thread_id))[2]["checkpoint"]

    await client.threads.update_state(thread_id, {"log": ["edited"]}, checkpoint=after_one)

    assert log_of(await client.runs.wait(thread_id, "steps")) == ["one", "edited", "two", "three"]


async def test_an_update_can_answer_a_question_in_place_of_the_node(client: LangGraphClient, thread_id: str) -> None:
    """Writing as the node that asked closes its question."""
    await client.runs.wait(thread_id, "asks", input=log())

    await client.threads.update_state(thread_id, {"log": ["answered elsewhere"]}, as_node="ask")

    assert (await client.threads.get(thread_id))["interrupts"] == {}
    assert log_of(await client.runs.wait(thread_id, "asks")) == ["prepared", "answered elsewhere", "acted"]


async def test_state_can_be_written_before_the_first_run(client: LangGraphClient) -> None:
    """If the thread says which graph it is for; otherwise nobody knows what its state looks like."""
    named = (await client.threads.create(metadata={"graph_id": "steps"}))["thread_id"]
    await client.threads.update_state(named, {"log": ["prologue"]}, as_node="__start__")
    written = await client.threads.get_state(named)
    assert log_of(written["values"]) == ["prologue"]
    assert (written["metadata"] or {})["graph_id"] == "steps", "an update's checkpoint names its graph, as a run's do"

    nameless = (await client.threads.create())["thread_id"]
    with pytest.raises(BadRequestError, match=f"Thread '{nameless}' has no assigned graph ID"):
        await client.threads.update_state(nameless, {"log": []})


async def test_a_bad_update_is_refused_and_changes_nothing(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log())
    before = await history(client, thread_id)

    wrong: Any = [1]
    with pytest.raises(BadRequestError, match="Expected dict, got"):
        await client.threads.update_state(thread_id, wrong, as_node="one")
    with pytest.raises(BadRequestError, match="Node nonode does not exist"):
        await client.threads.update_state(thread_id, {"log": []}, as_node="nonode")

    assert await history(client, thread_id) == before


async def test_a_refused_update_leaves_the_step_that_waits_as_it_was(client: LangGraphClient, thread_id: str) -> None:
    """LangGraph saves what a node would have written before it knows whether the state can take it."""
    await client.runs.wait(thread_id, "steps", input=log(), interrupt_before=["two"])
    before = await client.threads.get_state(thread_id)

    with pytest.raises(BadRequestError, match="concatenate"):
        await client.threads.update_state(thread_id, {"log": 5}, as_node="two")

    assert await client.threads.get_state(thread_id) == before
    assert log_of(await client.runs.wait(thread_id, "steps")) == STEPS


async def test_a_busy_thread_cannot_be_written_by_hand(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """Two writers would overtake each other; wait for the run, or cancel it."""
    await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()

    with pytest.raises(ConflictError, match="Thread is already running a task"):
        await client.threads.update_state(thread_id, {"log": ["x"]})
