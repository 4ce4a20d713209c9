"""Filters of items: a table of what each takes, checked against what the official server answered."""

from __future__ import annotations

from typing import Any

import pytest

from runline.errors import BadRequest, Invalid
from runline.model.item_filter import check_filter, matches

VALUE = {"n": 1, "s": "x", "t": True, "z": None, "d": {"e": 5, "g": 6}, "l": [1, {"a": 1}], "a.b": 3, "5": "five"}

TAKEN: list[dict[str, Any]] = [
    {},
    {"n": 1},
    {"n": 1.0},
    {"n": True},
    {"t": 1},
    {"z": None},
    {"missing": None},
    {"s": "x", "n": 1},
    {"a.b": 3},
    {"d": {}},
    {"d": {"e": 5}},
    {"d": {"e": {"$gt": 4}}},
    {"d": {"$eq": {"e": 5, "g": 6}}},
    {"d": {"$ne": {"e": 5}}},
    {"l": [1, {}]},
    {"l": [1, {"a": 1}]},
    {"n": {"$eq": 1}},
    {"n": {"$ne": 2}},
    {"missing": {"$ne": 1}},
    {"missing": {"$eq": None}},
    {"n": {"$gte": 1, "$lte": 1}},
    {"n": {"$gt": 0.5, "$lt": 10**30}},
    {"s": {"$gt": "w", "$lte": "x"}},
]
NOT_TAKEN: list[dict[str, Any]] = [
    {"n": 2},
    {"n": "1"},
    {"5": 5},
    {"missing": 0},
    {"n": 1, "s": "y"},
    {"n": {}},
    {"d.e": 5},
    {"d": {"e": 6}},
    {"d": {"$eq": {"e": 5}}},
    {"d": {"$ne": {"e": 5, "g": 6}}},
    {"l": [1]},
    {"l": [{"a": 1}, 1]},
    {"l": {"0": 1}},
    {"n": {"$gt": 1}},
    {"n": {"$gt": 0, "$lt": 1}},
    {"n": {"$gt": "0"}},
    {"s": {"$gt": 0}},
    {"t": {"$gte": 1}},
    {"missing": {"$gt": 0}},
    {"missing": {"$lt": 0}},
    {"z": {"$gte": 0}},
    {"$or": [{"n": 1}]},
    {"": 1},
    {"'; DROP TABLE store; --": 1},
]


@pytest.mark.parametrize("wanted", TAKEN, ids=str)
def test_a_value_is_taken(wanted: dict[str, Any]) -> None:
    check_filter(wanted)
    assert matches(VALUE, wanted)


@pytest.mark.parametrize("wanted", NOT_TAKEN, ids=str)
def test_a_value_is_not_taken(wanted: dict[str, Any]) -> None:
    check_filter(wanted)
    assert not matches(VALUE, wanted)


@pytest.mark.parametrize("condition", [{"$bad": 1}, {"$eq": 1, "x": 2}, {"e": {"$in": [1]}}, [{"$or": 1}], {"$": 1}])
def test_an_unknown_operator_is_named(condition: Any) -> None:
    with pytest.raises(BadRequest, match=r"^Unsupported operator: "):
        check_filter({"n": condition})


@pytest.mark.parametrize("operand", [None, True, [1], {"a": 1}])
@pytest.mark.parametrize("name", ["$gt", "$gte", "$lt", "$lte"])
def test_what_has_no_order_is_not_compared(name: str, operand: Any) -> None:
    with pytest.raises(Invalid, match=r"^filter: \$"):
        check_filter({"n": {name: operand}})
