"""What one entry of the log holds of a long value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langgraph.types import Command

from runline.kit.json import dumps
from runline.runs.traces import excerpt

LIMIT = 1024


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        (),
        "text",
        7,
        True,
        {"a": {"b": {"c": [1, {"d": None}]}}, "e": [[], {}, ()]},
        [{"messages": [AIMessage("hello", id="1")]}, "x"],
        {1: "odd key", None: 2},
        {"big": 2**70, "lone": "\ud800"},
        Command(update={"a": 1}, goto="b"),
        object,
    ],
)
def test_a_short_value_is_kept_as_it_would_be_encoded_whole(value: Any) -> None:
    content, too_long = excerpt(value, LIMIT)
    assert not too_long
    assert json.loads(content.encoded) == json.loads(dumps(value))


@pytest.mark.parametrize(
    "value", ["é" * 5000, {"messages": ["x" * 300] * 1000}, ["y"] * 5000, {"a": {"b": {"c": "z" * 5000}}}]
)
def test_a_long_one_becomes_the_beginning_of_its_json(value: Any) -> None:
    content, too_long = excerpt(value, LIMIT)
    text = json.loads(content.encoded)
    assert too_long
    assert LIMIT - 4 < len(text.encode()) <= LIMIT
    assert dumps(value).decode().startswith(text)


def test_what_is_cut_off_is_not_even_encoded() -> None:
    class Loud:
        def model_dump(self) -> dict[str, Any]:
            raise AssertionError("nobody needs this")

    shown: list[Any] = ["x" * 2 * LIMIT, Loud()]
    for value in (shown, {"messages": shown}, {"a": "x" * 2 * LIMIT, "b": Loud()}):
        assert excerpt(value, LIMIT)[1]
