"""JSON: everything has a form, and what is written can be read again."""

from __future__ import annotations

import json
import math
import sys
import tracemalloc
from collections import OrderedDict, UserDict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

from kit.exploring import exploration
from runline.kit.json import Once, depth_exceeds, dumps, loads

HUGE = 2**70
SURROGATE = "half \ud83d of an emoji"


class Model(BaseModel):
    name: str
    inner: Model | None = None
    count: int = 0


@dataclass
class Point:
    x: Any
    tags: set[str] = field(default_factory=set)


class Color(Enum):
    RED = "red"


Pair = namedtuple("Pair", "left right")


class OldModel:
    """As pydantic 1 had it."""

    def dict(self) -> dict[str, Any]:
        return {"old": True}


class BrokenModel:
    def model_dump(self) -> dict[str, Any]:
        raise ValueError("cannot be dumped")


class Opaque:
    def __repr__(self) -> str:
        return "<opaque>"


FORMS: list[tuple[str, Any, Any]] = [
    ("plain", {"a": [1, 2.5, "ü", True, None]}, {"a": [1, 2.5, "ü", True, None]}),
    ("pydantic model", Model(name="a", inner=Model(name="b")), Model(name="a", inner=Model(name="b")).model_dump()),
    ("dataclass", Point(1, {"t"}), {"x": 1, "tags": ["t"]}),
    ("enum", Color.RED, "red"),
    ("enum as a key", {Color.RED: 1}, {"red": 1}),
    ("named tuple", Pair(1, {2}), [1, [2]]),
    ("tuple", ((1, 2), ()), [[1, 2], []]),
    ("set", {"only"}, ["only"]),
    ("frozen set", frozenset({1}), [1]),
    ("mapping", UserDict({"a": OrderedDict(b=1)}), {"a": {"b": 1}}),
    ("bytes", b"\x00\xff", "AP8="),
    ("bytearray", bytearray(b"\x00\xff"), "AP8="),
    ("memoryview", memoryview(b"\x00\xff"), "AP8="),
    ("exception", ValueError("no"), {"error": "ValueError", "message": "no"}),
    ("decimal", Decimal("1.10"), "1.10"),
    ("path", PurePosixPath("/a/b"), "/a/b"),
    ("uuid", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("moment", datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00"),
    ("old model", OldModel(), {"old": True}),
    ("opaque", Opaque(), "<opaque>"),
    ("number as a key", {1: "a", 2.5: "b"}, {"1": "a", "2.5": "b"}),
    ("none as a key", {None: 1}, {"null": 1}),
    ("uuid as a key", {UUID(int=1): 1}, {"00000000-0000-0000-0000-000000000001": 1}),
    ("tuple as a key", {(1, 2): "a"}, {"(1, 2)": "a"}),
    ("not a number", [math.nan, math.inf, -math.inf], [None, None, None]),
    ("integer of 64 bits", 2**64 - 1, 2**64 - 1),
    ("class", Model, repr(Model)),
]


@pytest.mark.parametrize(("value", "form"), [pytest.param(*pair, id=name) for name, *pair in FORMS])
def test_every_kind_of_value_has_its_form(value: Any, form: Any) -> None:
    assert loads(dumps({"value": value})) == {"value": form}


@pytest.mark.parametrize(("value", "form"), [pytest.param(*pair, id=name) for name, *pair in FORMS])
def test_a_huge_integer_beside_it_changes_no_form(value: Any, form: Any) -> None:
    assert strict({"value": value, "huge": HUGE}) == {"value": form, "huge": HUGE}


def test_a_message_is_its_dump() -> None:
    message = AIMessage(
        content="hi", id="m1", usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}
    )
    (form,) = loads(dumps([message]))
    assert form == message.model_dump()
    assert (form["type"], form["content"], form["id"]) == ("ai", "hi", "m1")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"a": SURROGATE}, id="surrogate"),
        pytest.param({SURROGATE: 1}, id="surrogate in a key"),
        pytest.param(HumanMessage(content=SURROGATE), id="surrogate in a message"),
        pytest.param([Point(SURROGATE)], id="surrogate in a dataclass"),
        pytest.param(Point(HUGE), id="huge integer in a dataclass"),
        pytest.param(Model(name="a", count=HUGE), id="huge integer in a model"),
        pytest.param([{HUGE}], id="huge integer in a set"),
        pytest.param({"a": BrokenModel()}, id="model that cannot be dumped"),
    ],
)
def test_a_value_that_is_hard_to_encode_is_written_so_that_it_can_be_read(value: Any) -> None:
    encoded = dumps(value)
    assert b"\n" not in encoded
    loads(encoded)


def test_a_model_that_cannot_be_dumped_is_its_repr() -> None:
    broken = BrokenModel()
    assert loads(dumps({"a": broken, "b": 1})) == {"a": repr(broken), "b": 1}


@pytest.mark.parametrize("depth", [200, 500])
def test_deep_nesting_is_encoded(depth: int) -> None:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    assert dumps(value) == b"[" * (depth + 1) + b"]" * (depth + 1)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters())
    | st.binary(max_size=5)
    | st.decimals()
    | st.builds(ValueError, st.text(max_size=5))
)
KEYS = st.text(st.characters(), max_size=5) | st.integers(-(2**80), 2**80) | st.none() | st.tuples(st.integers())
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.builds(Point, inner)
        | st.builds(deque, st.lists(inner, max_size=3))
    ),
    max_leaves=12,
)


@exploration(150)
@given(VALUES)
def test_whatever_is_written_is_strict_json_that_can_be_read(value: Any) -> None:
    strict(value)


def strict(value: Any) -> Any:
    """Encode and decode, by the strictest of readers too: no NaN, no half of a surrogate pair."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    encoded = dumps(value)
    loads(encoded)
    return json.loads(encoded, parse_constant=refuse)


@pytest.mark.parametrize(
    ("value", "depth"),
    [
        ([], 1),
        ({}, 1),
        ([1, "a", None], 1),
        ([[], [[]]], 3),
        ({"a": {"b": []}}, 3),
        ([{"a": [1]}, 2], 3),
    ],
)
def test_depth_counts_lists_and_objects_inside_each_other(value: Any, depth: int) -> None:
    assert not depth_exceeds(value, depth)
    assert depth == 1 or depth_exceeds(value, depth - 1)


@pytest.mark.parametrize("value", [1, "[[[", None])
def test_a_scalar_has_no_depth(value: Any) -> None:
    assert not depth_exceeds(value, 1)


def test_depth_is_measured_without_recursion() -> None:
    value: Any = 0
    for _ in range(100_000):
        value = {"a": value}
    assert depth_exceeds(value, 900)
    assert not depth_exceeds(value, 100_000)


def test_what_was_encoded_takes_no_more_memory_than_it_says() -> None:
    """Streams keep what they encode, and count it by its length."""
    tracemalloc.start()
    try:
        kept = [dumps({"number": number}) for number in range(1000)]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 2 * sum(sys.getsizeof(line) for line in kept)


def test_a_value_that_is_encoded_once_stands_for_itself_wherever_it_is_sent() -> None:
    value = Once({"b": Decimal("1.5")})
    first = dumps(value)
    value.value["b"] = "changed"
    assert first == dumps(value) == b'{"b":"1.5"}'
    assert dumps({"a": [value]}) == b'{"a":[{"b":"1.5"}]}'


def test_such_a_value_may_stand_beside_what_only_the_slow_encoder_takes() -> None:
    assert dumps([2**70, Once({"b": 1})]) == b'[1180591620717411303424,{"b":1}]'
