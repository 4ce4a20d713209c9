"""The names and sizes of items."""

from __future__ import annotations

from typing import Any

import pytest

from runline.errors import BadRequest, Invalid
from runline.model.item import ItemLimits, fits

LIMITS = ItemLimits(max_name_bytes=40, max_value_bytes=20)


@pytest.mark.parametrize("namespace", [["a"], ["a", "b"], ["a b"], ["a", "langgraph"], ["*"], ["ü/%_"]])
@pytest.mark.parametrize("key", ["k", "", "a.b", "../.."])
def test_a_sound_name_is_taken(namespace: list[str], key: str) -> None:
    LIMITS.check_item(namespace, key, {})


@pytest.mark.parametrize("namespace", [["a.b"], [""], ["a", ""], ["a\0"], ["."], ["x" * 40], ["a"] * 20])
def test_a_label_that_could_not_be_told_from_others_is_refused(namespace: list[str]) -> None:
    with pytest.raises(Invalid, match="amespace"):
        LIMITS.check_name(namespace)


@pytest.mark.parametrize("key", ["k\0", "x" * 40])
def test_a_key_that_cannot_be_kept_is_refused(key: str) -> None:
    with pytest.raises(Invalid, match="key"):
        LIMITS.check_name(["a"], key)


@pytest.mark.parametrize("namespace", [[], ["langgraph"], ["langgraph", "a"]])
def test_nothing_is_kept_without_a_namespace_or_in_langgraphs_own(namespace: list[str]) -> None:
    LIMITS.check_name(namespace)
    with pytest.raises(BadRequest, match=r"^(Namespace cannot be empty|Root label)"):
        LIMITS.check_item(namespace, "k", {})


def test_a_value_that_is_too_large_is_refused() -> None:
    LIMITS.check_item(["a"], "k", {"text": "x" * 9})
    with pytest.raises(Invalid, match=r"^value: must not be larger than 20 bytes"):
        LIMITS.check_item(["a"], "k", {"text": "x" * 10})


@pytest.mark.parametrize(
    ("pattern", "at_the_end", "expected"),
    [
        (["a"], False, True),
        (["a", "b"], False, True),
        (["*", "b"], False, True),
        (["b"], False, False),
        (["a", "b", "c", "*"], False, False),
        (["c"], True, True),
        (["*", "c"], True, True),
        (["*", "*", "*"], True, True),
        (["b"], True, False),
    ],
)
def test_a_namespace_begins_or_ends_with_a_pattern(pattern: Any, at_the_end: bool, expected: bool) -> None:
    assert fits(("a", "b", "c"), pattern, at_the_end=at_the_end) is expected
