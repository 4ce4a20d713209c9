"""Interrupts: a graph stops to ask a person, and goes on with the answer."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.reading import collect, data_of, log, log_of, past_of

STEPS = ["one", "two", "three"]
QUESTION = {"question": "Shall we?"}


async def interrupt_ids(client: LangGraphClient, thread_id: str) -> dict[Any, str]:
    """The thread's open questions: value -> interrupt id."""
    thread: Any = await client.threads.get(thread_id)
    return {item["value"]: item["id"] for items in thread["interrupts"].values() for item in items}


async def test_a_graph_that_asks_leaves_its_thread_interrupted(client: LangGraphClient, thread_id: str) -> None:
    """The run itself is over, with success: it did all it could. The thread waits, for as long as it takes."""
    run = await client.runs.create(thread_id, "asks", input=log())
    values: Any = await client.runs.join(thread_id, run["run_id"])

    assert values["log"] == ["prepared"]
    assert [interrupt["value"] for interrupt in values["__interrupt__"]] == [QUESTION]
    assert (await client.runs.get(thread_id, run["run_id"]))["status"] == "success"
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["values"]) == ("interrupted", {"log": ["prepared"]})
    assert [[item["value"] for item in items] for items in thread["interrupts"].values()] == [[QUESTION]]


async def test_the_question_is_in_the_stream_and_in_the_state(client: LangGraphClient, thread_id: str) -> None:
    """The same interrupt id everywhere: clients show the question from whichever they read."""
    parts = await collect(client.runs.stream(thread_id, "asks", input=log(), stream_mode=["values", "updates"]))

    update = data_of(parts, "updates")[-1]["__interrupt__"][0]
    assert update == data_of(parts, "values")[-1]["__interrupt__"][0]
    state: Any = await client.threads.get_state(thread_id)
    assert state["next"] == ["ask"]
    assert state["interrupts"] == state["tasks"][0]["interrupts"] == [{"id": update["id"], "value": QUESTION}]


async def test_resuming_gives_the_answer_to_the_node_that_asked(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "asks", input=log())

    values = await client.runs.wait(thread_id, "asks", command={"resume": "yes"})

    assert values == {"log": ["prepared", "answer: yes", "acted"]}
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["interrupts"]) == ("idle", {})


@pytest.mark.parametrize("answer", ["", 0, False, [], {"edit": {"deep": [1]}}])
async def test_any_json_is_an_answer(client: LangGraphClient, thread_id: str, answer: Any) -> None:
    """Also those that look like nothing. Only null is no answer, and `{}` a map that answers nobody."""
    await client.runs.wait(thread_id, "asks", input=log())

    values = await client.runs.wait(thread_id, "asks", command={"resume": answer})

    assert log_of(values)[1:] == [f"answer: {answer}", "acted"]


async def test_several_questions_are_answered_by_their_ids(client: LangGraphClient, thread_id: str) -> None:
    """Two nodes ask side by side. A map answers each one; the left node then asks its second question."""
    await client.runs.wait(thread_id, "asks_many", input=log())
    ids = await interrupt_ids(client, thread_id)
    assert set(ids) == {"left, first", "right"}

    await client.runs.wait(thread_id, "asks_many", command={"resume": {ids["left, first"]: "L1", ids["right"]: "R"}})
    ids = await interrupt_ids(client, thread_id)
    assert set(ids) == {"left, second"}

    values = await client.runs.wait(thread_id, "asks_many", command={"resume": "L2"})
    assert values == {"log": ["left: L1, L2", "right: R"]}


async def test_some_of_several_questions_can_stay_open(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "asks_many", input=log())
    ids = await interrupt_ids(client, thread_id)

    await client.runs.wait(thread_id, "asks_many", command={"resume": {ids["right"]: "R"}})

    assert set(await interrupt_ids(client, thread_id)) == {"left, first"}
    assert (await client.threads.get(thread_id))["status"] == "interrupted"


async def test_the_result_names_every_open_question(client: LangGraphClient, thread_id: str) -> None:
    """Without all the ids a client could not answer by them."""
    values: Any = await client.runs.wait(thread_id, "asks_many", input=log())

    assert {interrupt["value"] for interrupt in values["__interrupt__"]} == {"left, first", "right"}


async def test_one_answer_to_several_questions_is_an_error(client: LangGraphClient, thread_id: str) -> None:
    """Which one would it be for? The questions stay open."""
    await client.runs.wait(thread_id, "asks_many", input=log())

    with pytest.raises(Exception, match=r"RuntimeError: .*must specify the interrupt id"):
        await client.runs.wait(thread_id, "asks_many", command={"resume": "yes"})

    assert set(await interrupt_ids(client, thread_id)) == {"left, first", "right"}


async def test_an_answer_that_nobody_waits_for_changes_nothing(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log())

    assert log_of(await client.runs.wait(thread_id, "steps", command={"resume": "hello?"})) == ["one", "two", "three"]


async def test_new_input_drops_the_open_question(client: LangGraphClient, thread_id: str) -> None:
    """The person changed the subject: the graph starts again at its beginning."""
    await client.runs.wait(thread_id, "asks", input=log("first"))

    values: Any = await client.runs.wait(thread_id, "asks", input=log("second"))

    assert values["log"] == ["first", "prepared", "second", "prepared"]
    assert [interrupt["value"] for interrupt in values["__interrupt__"]] == [QUESTION]


async def test_a_command_can_change_the_state_on_its_way(client: LangGraphClient, thread_id: str) -> None:
    """`update` writes before the node goes on: correct the facts while answering."""
    await client.runs.wait(thread_id, "asks", input=log())

    values = await client.runs.wait(
        thread_id, "asks", command={"resume": "yes", "update": {"log": ["a person was here"]}}
    )

    assert sorted(log_of(values)) == ["a person was here", "acted", "answer: yes", "prepared"]


@pytest.mark.parametrize("update", [{"log": ["x"]}, [["log", ["x"]]], [["log", ["x", "y"]], ["log", ["z"]]]])
async def test_an_update_is_an_object_or_a_list_of_pairs(client: LangGraphClient, thread_id: str, update: Any) -> None:
    await client.runs.wait(thread_id, "steps", input=log())

    values = await client.runs.wait(thread_id, "steps", command={"update": update, "goto": "three"})

    added = ["x", "y", "z"] if len(update) == 2 else ["x"]
    assert log_of(values) == ["one", "two", "three", *added, "three"]


async def test_a_command_that_the_graph_refuses_changes_nothing(client: LangGraphClient, thread_id: str) -> None:
    """Its run fails; the thread can be read, and the next run goes on as if there had been none."""
    await client.runs.wait(thread_id, "steps", input=log("before"))
    before = await past_of(client, thread_id)
    for durability in ("async", "sync", "exit"):
        refused: Any = await client.runs.wait(
            thread_id, "steps", command={"update": {"log": 5}}, durability=durability, raise_error=False
        )
        assert refused["__error__"]["error"] == "TypeError"
        assert (await past_of(client, thread_id)).history == before.history
    values = await client.runs.wait(thread_id, "steps", input=log("after"))
    assert log_of(values) == ["before", *STEPS, "after", *STEPS]


@pytest.mark.parametrize(
    ("goto", "visited"),
    [
        ("two", ["two", "three"]),
        (["two", "three"], ["three", "two", "three"]),
        ({"node": "three", "input": {"log": []}}, ["three"]),
        ([{"node": "three", "input": {}}, {"node": "three", "input": {}}], ["three", "three"]),
    ],
)
async def test_a_command_can_go_to_any_node(
    client: LangGraphClient, thread_id: str, goto: Any, visited: list[str]
) -> None:
    """By name, with an input of its own, or to several at once."""
    await client.runs.wait(thread_id, "steps", input=log())

    values = await client.runs.wait(thread_id, "steps", command={"goto": goto})

    assert log_of(values) == ["one", "two", "three", *visited]


@pytest.mark.parametrize(
    ("where", "done", "then"),
    [
        ({"interrupt_before": ["two"]}, ["one"], "two"),
        ({"interrupt_after": ["two"]}, ["one", "two"], "three"),
        ({"interrupt_before": "*"}, [], "one"),
        ({"interrupt_after": "*"}, ["one"], "two"),
    ],
)
async def test_a_run_can_be_stopped_at_nodes(
    client: LangGraphClient, thread_id: str, where: Any, done: list[str], then: str
) -> None:
    """A debugger's breakpoints: the state can be looked at, even edited; a run without input goes on."""
    values = await client.runs.wait(thread_id, "steps", input=log(), **where)

    assert values == {"log": done}
    state: Any = await client.threads.get_state(thread_id)
    assert (state["next"], (await client.threads.get(thread_id))["status"]) == ([then], "interrupted")
    assert log_of(await client.runs.wait(thread_id, "steps")) == ["one", "two", "three"]
    assert (await client.threads.get(thread_id))["status"] == "idle"
