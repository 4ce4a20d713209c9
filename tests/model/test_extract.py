"""Paths into threads."""

from __future__ import annotations

from typing import Any

import pytest

from runline.model.extract import Path

THREAD: dict[str, Any] = {
    "values": {"messages": [{"content": "a"}, {"content": "b"}], "grid": [[1, 2], [3]], "0": "digit", "a-b c": "odd"},
    "metadata": {"deep": {"er": None}},
    "config": {},
    "interrupts": {"task": [{"id": "i", "value": "?"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("values.messages[-1].content", "b"),
        ("values.messages[0]", {"content": "a"}),
        ("values.messages[ 1 ].content", "b"),
        ("values.messages[2]", None),
        ("values.messages[-3]", None),
        ("values.messages.content", None),
        ("values.grid[0][1]", 2),
        ("values.0", "digit"),
        ("values.a-b c", "odd"),
        ("values[0]", None),
        ("values.messages[0].content[0]", None),
        ("values.messages[0].content.length", None),
        ("metadata.deep", {"er": None}),
        ("metadata.deep.er", None),
        ("metadata.deep.er.er", None),
        ("interrupts.task[0].value", "?"),
        ("config", {}),
    ],
)
def test_a_path_finds_what_is_at_its_end_or_nothing(path: str, found: Any) -> None:
    assert Path.parse(path).find(THREAD) == found


def test_a_thread_without_values_has_nothing_at_any_path() -> None:
    assert Path.parse("values.messages[-1]").find({"values": None}) is None


@pytest.mark.parametrize("path", ["", "status", "VALUES.x", ".values", "valuesx", "[0]", " values"])
def test_a_path_begins_with_a_field_that_holds_something(path: str) -> None:
    with pytest.raises(
        ValueError, match=r"^Extract path '.*' must start with one of: config, interrupts, metadata, val"
    ):
        Path.parse(path)


@pytest.mark.parametrize(
    "path",
    [
        *("values.", "values..a", "values.a.", "values[", "values[]", "values[a]", "values[1.5]", "values[*]"),
        *("values[1]a", "values['a']", "values.a]", "values[1", "values[--1]", "values[\u0661]", "values[9999999999]"),
    ],
)
def test_a_path_that_cannot_be_read_is_refused_with_an_example(path: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read: .* values\.messages\[-1\]\.content$"):
        Path.parse(path)
