"""Forking: go back to any checkpoint and take another way from there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import UnprocessableEntityError

from fundamentals.reading import log, log_of


async def checkpoint_after(client: LangGraphClient, thread_id: str, log: list[str]) -> Any:
    """The checkpoint of the thread whose state holds exactly this log."""
    history: Any = await client.threads.get_history(thread_id, limit=100)
    return next(state["checkpoint"] for state in history if log_of(state["values"]) == log)


SPELLINGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "checkpoint_id": lambda checkpoint: {"checkpoint_id": checkpoint["checkpoint_id"]},
    "checkpoint": lambda checkpoint: {"checkpoint": checkpoint},
    "checkpoint with only an id": lambda checkpoint: {"checkpoint": {"checkpoint_id": checkpoint["checkpoint_id"]}},
    "configurable": lambda checkpoint: {
        "config": {"configurable": {"checkpoint_id": checkpoint["checkpoint_id"]}},
    },
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_run_can_start_from_an_earlier_checkpoint(
    client: LangGraphClient, thread_id: str, spelling: str
) -> None:
    """Three spellings of one thing. The new branch becomes the thread's state; the old one stays in its history."""
    await client.runs.wait(thread_id, "steps", input=log("a"))
    first = await checkpoint_after(client, thread_id, ["a", "one", "two", "three"])
    old = await client.runs.wait(thread_id, "steps", input=log("b"))

    values = await client.runs.wait(thread_id, "steps", input=log("c"), **SPELLINGS[spelling](first))

    assert log_of(values) == ["a", "one", "two", "three", "c", "one", "two", "three"]
    assert (await client.threads.get_state(thread_id))["values"] == values
    assert (await client.threads.get(thread_id))["values"] == values
    assert await checkpoint_after(client, thread_id, log_of(old))


async def test_a_run_without_input_repeats_the_steps_from_there(client: LangGraphClient, thread_id: str) -> None:
    """Replay: the graph goes on from the middle of an earlier run as it did then."""
    await client.runs.wait(thread_id, "steps", input=log())
    middle = await checkpoint_after(client, thread_id, ["one", "two"])

    assert log_of(await client.runs.wait(thread_id, "steps", checkpoint=middle)) == ["one", "two", "three"]
    assert (await client.threads.get(thread_id))["status"] == "idle"


async def test_an_answered_question_can_be_asked_again(client: LangGraphClient, thread_id: str) -> None:
    """The checkpoint at which the graph asked is still there: from it, it asks anew."""
    await client.runs.wait(thread_id, "asks", input=log())
    asked: Any = (await client.threads.get_state(thread_id))["checkpoint"]
    yes = await client.runs.wait(thread_id, "asks", command={"resume": "yes"})

    again: Any = await client.runs.wait(thread_id, "asks", checkpoint_id=asked["checkpoint_id"])
    no = await client.runs.wait(thread_id, "asks", command={"resume": "no"})

    assert again["__interrupt__"][0]["value"] == {"question": "Shall we?"}
    assert (log_of(yes)[1], log_of(no)[1]) == ("answer: yes", "answer: no")


async def test_the_checkpoint_object_wins_over_the_plain_id(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log())
    one = await checkpoint_after(client, thread_id, ["one"])
    two = await checkpoint_after(client, thread_id, ["one", "two"])

    values = await client.runs.wait(
        thread_id, "steps", checkpoint=one, checkpoint_id=two["checkpoint_id"], interrupt_after="*"
    )

    assert log_of(values) == ["one", "two"]


async def test_an_unknown_checkpoint_starts_from_nothing(client: LangGraphClient, thread_id: str) -> None:
    await client.runs.wait(thread_id, "steps", input=log("old"))

    values = await client.runs.wait(thread_id, "steps", input=log("new"), checkpoint_id=str(uuid4()))

    assert log_of(values) == ["new", "one", "two", "three"]


async def test_a_checkpoint_id_must_be_a_uuid(client: LangGraphClient, thread_id: str) -> None:
    with pytest.raises(UnprocessableEntityError):
        await client.runs.create(thread_id, "steps", input=log(), checkpoint_id="yesterday")
