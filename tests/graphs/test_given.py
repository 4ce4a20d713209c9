"""Which human messages a run gives to its graph."""

from __future__ import annotations

from typing import Any

import pytest

from runline.graphs.given import human_messages
from runline.model.run import RunSpec

HI = {"role": "user", "content": "hi"}


def told(**spec: Any) -> list[Any]:
    return [message["content"] for message in human_messages(RunSpec("assistant", **spec))]


@pytest.mark.parametrize(
    "messages",
    [[HI], HI, "hi", ["hi"], [["user", "hi"]], [["human", "hi"]], [{"type": "human", "content": "hi"}]],
)
def test_messages_are_found_in_every_form_that_langgraph_takes(messages: Any) -> None:
    assert told(input={"messages": messages}) == ["hi"]


@pytest.mark.parametrize("update", [{"messages": [HI]}, [["other", 1], ["messages", [HI]]]])
def test_those_of_a_commands_update_count_too(update: Any) -> None:
    assert told(command={"update": update}, input={"messages": ["not given"]}) == ["hi"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "hi",
        7,
        [],
        [1, 2],
        {},
        {"messages": None},
        {"messages": 7},
        {"messages": [7, None, [], ["assistant", "no"], {"content": "no"}, {"role": ["user"], "type": {}}]},
        {"messages": [{"role": "assistant", "content": "no"}, {"type": "tool", "content": "no", "tool_call_id": "1"}]},
    ],
)
def test_what_is_no_human_message_is_not_told(given: Any) -> None:
    assert told(input=given) == []


def test_hidden_messages_are_not_told() -> None:
    hidden = [
        {**HI, "id": "do-not-render-7"},
        {**HI, "additional_kwargs": {"hide_from_ui": True}},
    ]
    seen = {**HI, "additional_kwargs": {"hide_from_ui": False}, "id": "8"}
    assert told(input={"messages": [*hidden, seen]}) == ["hi"]
    assert told(input={"messages": [{**HI, "additional_kwargs": "odd", "id": 7}]}) == ["hi"]


def test_a_message_keeps_what_it_was_sent_with() -> None:
    content = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    sent = {"type": "human", "content": content, "id": "7", "name": "bob", "additional_kwargs": {"a": 1}}
    assert list(human_messages(RunSpec("assistant", {"messages": [sent]}))) == [{**sent, "response_metadata": {}}]
