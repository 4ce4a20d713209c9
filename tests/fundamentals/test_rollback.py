"""Rollback is exact: afterwards the thread is what it was, checkpoint by checkpoint, question by question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import Past, log, log_of, past_of

Undo = Callable[[LangGraphClient, str, str], Awaitable[Any]]


async def cancel(client: LangGraphClient, thread_id: str, run_id: str) -> None:
    """Roll a run back that is still running."""
    await client.runs.cancel(thread_id, run_id, wait=True, action="rollback")


async def delete(client: LangGraphClient, thread_id: str, run_id: str) -> None:
    """Delete a run, running or finished."""
    await client.runs.delete(thread_id, run_id)


async def push_aside(client: LangGraphClient, thread_id: str, run_id: str) -> None:
    """Let another run take its place, which then is deleted too."""
    run = await client.runs.create(thread_id, "asks", multitask_strategy="rollback", interrupt_before="*")
    await client.runs.join(thread_id, run["run_id"])
    await client.runs.delete(thread_id, run["run_id"])


def open_questions(past: Past) -> list[Any]:
    """What the thread waits for an answer to."""
    return sorted(item["value"] for items in past.interrupts.values() for item in items)


@pytest.mark.parametrize("undo", [cancel, delete, push_aside])
async def test_an_answer_is_taken_back(client: LangGraphClient, thread_id: str, gate: Gate, undo: Undo) -> None:
    """The hard case: the run had resumed an interrupt, so it wrote onto a checkpoint that is not its own.

    The question must be open again, and a second answer must be heard as if it were the first.
    """
    await client.runs.wait(thread_id, "asks", input=log())
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "asks", command={"resume": "wrong"}, context=gate.context)
    await gate.reached()

    await undo(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    assert before.status == "interrupted"
    values = await client.runs.wait(thread_id, "asks", command={"resume": "right"})
    assert values == {"log": ["prepared", "answer: right", "acted"]}


async def test_an_answer_of_a_finished_run_is_taken_back_by_deleting_it(
    client: LangGraphClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "asks", input=log())
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "asks", command={"resume": "wrong"})
    await client.runs.join(thread_id, run["run_id"])

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    assert log_of(await client.runs.wait(thread_id, "asks", command={"resume": "right"}))[1] == "answer: right"


async def test_a_second_question_of_the_same_node_gives_way_to_the_first(
    client: LangGraphClient, thread_id: str
) -> None:
    """The run that answered the first question ended at the second one, which took its place."""
    await client.runs.wait(thread_id, "asks_many", input=log())
    before = await past_of(client, thread_id)
    ids = {item["value"]: item["id"] for items in before.interrupts.values() for item in items}
    run = await client.runs.create(thread_id, "asks_many", command={"resume": {ids["left, first"]: "wrong"}})
    await client.runs.join(thread_id, run["run_id"])
    assert open_questions(await past_of(client, thread_id)) == ["left, second", "right"]

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    assert open_questions(before) == ["left, first", "right"]


async def test_a_running_run_that_met_a_second_question_is_rolled_back(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """The left node asks again while the right one, which was answered too, still works at the gate."""
    await client.runs.wait(thread_id, "asks_many", input=log())
    before = await past_of(client, thread_id)
    ids = {item["value"]: item["id"] for items in before.interrupts.values() for item in items}
    answers = {ids["left, first"]: "wrong", ids["right"]: "wrong"}
    run = await client.runs.create(thread_id, "asks_many", command={"resume": answers}, context=gate.context)
    await gate.reached()

    await cancel(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    await client.runs.wait(thread_id, "asks_many", command={"resume": {ids["left, first"]: "L1", ids["right"]: "R"}})
    values = await client.runs.wait(thread_id, "asks_many", command={"resume": "L2"})
    assert values == {"log": ["left: L1, L2", "right: R"]}


async def test_an_answer_inside_a_subgraph_is_taken_back(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """The child's checkpoints and writes go with the run as the parent's do."""
    await client.runs.wait(thread_id, "family", input=log())
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "family", command={"resume": "wrong"}, context=gate.context)
    await gate.reached()

    await cancel(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    values = await client.runs.wait(thread_id, "family", command={"resume": "right"})
    assert "answer: right" in log_of(values)
    assert "answer: wrong" not in log_of(values)


async def test_a_run_that_failed_after_an_answer_is_taken_back(client: LangGraphClient, thread_id: str) -> None:
    """Deleting a failed run clears the thread's error with it."""
    await client.runs.wait(thread_id, "steps", input=log(), interrupt_before=["three"])
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "steps", context={"fail": "ValueError"})
    await client.runs.join(thread_id, run["run_id"])
    assert (await client.threads.get(thread_id))["status"] == "error"

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before
    thread: Any = await client.threads.get(thread_id)
    assert thread["error"] is None
    assert log_of(await client.runs.wait(thread_id, "steps")) == ["one", "two", "three"]


@pytest.mark.parametrize("undo", [cancel, delete])
async def test_a_failure_from_before_is_shown_again(
    client: LangGraphClient, thread_id: str, gate: Gate, undo: Undo
) -> None:
    """The run that is taken back never came to an end, so it does not clear what the one before it left."""
    await client.runs.wait(thread_id, "steps", input=log("a"), context={"fail": "ValueError"}, raise_error=False)
    before = await past_of(client, thread_id)
    assert before.status == "error"
    run = await client.runs.create(thread_id, "steps", input=log("b"), context=gate.context)
    await gate.reached()

    await undo(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before


@pytest.mark.parametrize("undo", [cancel, delete])
async def test_a_run_of_another_graph_is_taken_back(
    client: LangGraphClient, thread_id: str, gate: Gate, undo: Undo
) -> None:
    """Only the graph that the thread had before can tell what it waits for."""
    await client.runs.wait(thread_id, "asks", input=log())
    before = await past_of(client, thread_id)
    assert before.interrupts
    run = await client.runs.create(thread_id, "steps", input=log("b"), context=gate.context)
    await gate.reached()

    await undo(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before


async def test_a_finished_run_of_another_graph_is_taken_back_by_deleting_it(
    client: LangGraphClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "asks", input=log())
    before = await past_of(client, thread_id)
    run = await client.runs.create(thread_id, "steps", input=log("b"))
    await client.runs.join(thread_id, run["run_id"])

    await client.runs.delete(thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before


async def test_a_fork_is_taken_back(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """The branch it came from is the thread's present again."""
    await client.runs.wait(thread_id, "steps", input=log("a"))
    past: Any = await past_of(client, thread_id)
    await client.runs.wait(thread_id, "steps", input=log("b"))
    before = await past_of(client, thread_id)
    run = await client.runs.create(
        thread_id, "steps", input=log("c"), checkpoint=past.state["checkpoint"], context=gate.context
    )
    await gate.reached()

    await cancel(client, thread_id, run["run_id"])

    assert await past_of(client, thread_id) == before


async def test_several_rollbacks_in_a_row_leave_no_trace(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    await client.runs.wait(thread_id, "asks", input=log())
    before = await past_of(client, thread_id)

    for attempt in range(1, 4):
        run = await client.runs.create(thread_id, "asks", command={"resume": attempt}, context=gate.context)
        await gate.reached(times=attempt)
        await cancel(client, thread_id, run["run_id"])
        assert await past_of(client, thread_id) == before
