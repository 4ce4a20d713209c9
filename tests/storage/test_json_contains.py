"""json_contains: PostgreSQL's `@>` on every dialect, for patterns that are objects, as all filters are.

The facts are those of PostgreSQL's manual, section "jsonb Containment and Existence", and of trying it.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from runline.model.thread import ThreadFilter
from runline.model.viewer import ANONYMOUS
from runline.storage.engine import Database, json_contains
from runline.storage.tables import threads
from storage.world import World

FACTS: list[tuple[Any, Any, bool]] = [
    # objects: every key of the pattern, with a value that contains the pattern's
    ({"a": 1, "b": 2}, {"b": 2}, True),
    ({"a": 1}, {"a": 1, "b": 2}, False),
    ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"d": 2}}}, True),
    ({"a": {"b": {"c": 1}}}, {"b": {"c": 1}}, False),
    ({"foo": {"bar": "baz"}}, {"bar": "baz"}, False),
    ({"foo": {"bar": "baz"}}, {"foo": {}}, True),
    ({"a": 1}, {}, True),
    ({}, {}, True),
    ({}, {"a": None}, False),
    # arrays: every element of the pattern somewhere, order and repetition do not count
    ({"a": [1, 2, 3]}, {"a": [3, 1]}, True),
    ({"a": [1, 2, 3]}, {"a": [1, 1]}, True),
    ({"a": [1]}, {"a": [1, 2]}, False),
    ({"a": [1]}, {"a": []}, True),
    ({"a": []}, {"a": []}, True),
    ({"a": []}, {"a": [None]}, False),
    ({"a": [{"b": 1, "c": 2}, {"b": 3}]}, {"a": [{"c": 2}]}, True),
    ({"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": 1, "c": 2}]}, False),
    ({"a": [1, [2, 3]]}, {"a": [[3]]}, True),
    ({"a": [1, [2, 3]]}, {"a": [3]}, False),
    ({"a": [1, 2]}, {"a": [[1, 2]]}, False),
    # an array contains a scalar only at the top level
    ({"a": [1, 2]}, {"a": 1}, False),
    ({"a": 1}, {"a": [1]}, False),
    # kinds do not mix
    ({"a": {}}, {"a": []}, False),
    ({"a": []}, {"a": {}}, False),
    ({"a": 1}, {"a": {}}, False),
    ([{"a": 1}], {"a": 1}, False),
    ("a", {"a": 1}, False),
    # scalars: equal, and of the same type
    ({"a": 1}, {"a": 1.0}, True),
    ({"a": 1}, {"a": True}, False),
    ({"a": True}, {"a": 1}, False),
    ({"a": False}, {"a": 0}, False),
    ({"a": False}, {"a": None}, False),
    ({"a": None}, {"a": None}, True),
    ({"a": ""}, {"a": None}, False),
    ({"a": "1"}, {"a": 1}, False),
    ({"a": "x"}, {"a": "X"}, False),
    ({"a": "ü"}, {"a": "u\u0308"}, False),
    ({"a": 2**53 + 1}, {"a": 2**53}, False),
    ({"a": 0.1}, {"a": 0.10}, True),
    ({"a.b": 1}, {"a": {"b": 1}}, False),
    ({"": 1}, {"": 1}, True),
]


@pytest.mark.parametrize(("document", "pattern", "contained"), FACTS, ids=repr)
async def test_containment_is_that_of_postgresql(world: World, document: Any, pattern: Any, contained: bool) -> None:
    thread = await world.thread(document=document)
    assert await matches(world.database, {"document": pattern}) == ([thread.thread_id] if contained else [])


async def test_a_document_that_is_null_contains_nothing(world: World) -> None:
    await world.thread()
    query = select(threads.c.thread_id).where(json_contains(threads.c.state_values, {}))
    assert await world.database.read(lambda connection: connection.execute(query).all()) == []


async def test_a_filter_that_says_nothing_matches_threads_without_values_too(world: World) -> None:
    await world.thread()
    assert await world.threads.count(ANONYMOUS, ThreadFilter(metadata={}, values={})) == 1


async def matches(database: Database, pattern: Any) -> list[str]:
    query = select(threads.c.thread_id).where(json_contains(threads.c.metadata, pattern))
    return await database.read(lambda connection: list(connection.execute(query).scalars()))
