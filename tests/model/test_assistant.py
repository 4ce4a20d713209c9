"""What a change makes of an assistant: metadata is merged, config and context are replaced and mirror each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from runline.errors import BadRequest
from runline.model.assistant import Assistant, AssistantChange, mirrored

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BEFORE = Assistant(
    assistant_id="a",
    graph_id="echo",
    owner="",
    name="Echo",
    description="Repeats",
    version=1,
    created_at=NOW,
    updated_at=NOW,
    config={"tags": ["t"], "configurable": {"tone": "dry"}},
    context={"tone": "dry"},
    metadata={"team": {"id": 1}, "kept": True},
)

MIRRORED: list[tuple[Any, Any, Any, Any]] = [
    ({}, {}, {}, {}),
    ({"tags": ["t"]}, {}, {"tags": ["t"]}, {}),
    ({"configurable": {"a": 1}}, {}, {"configurable": {"a": 1}}, {"a": 1}),
    ({}, {"a": 1}, {"configurable": {"a": 1}}, {"a": 1}),
    ({"tags": ["t"], "configurable": {}}, {"a": 1}, {"tags": ["t"], "configurable": {"a": 1}}, {"a": 1}),
]


@pytest.mark.parametrize(("config", "context", "config_then", "context_then"), MIRRORED)
def test_configurable_and_context_say_the_same(config: Any, context: Any, config_then: Any, context_then: Any) -> None:
    assert mirrored(config, context) == (config_then, context_then)


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"name": ""}, {"name": ""}),
    ({"description": ""}, {"description": ""}),
    ({"graph_id": "other"}, {"graph_id": "other"}),
    ({"metadata": {}}, {}),
    (
        {"metadata": {"team": {"name": "x"}, "new": None}},
        {"metadata": {"team": {"name": "x"}, "kept": True, "new": None}},
    ),
    (
        {"config": {"configurable": {"a": 1}}},
        {"config": {"configurable": {"a": 1}}, "context": {"a": 1}},
    ),
    ({"config": {"recursion_limit": 5}}, {"config": {"recursion_limit": 5}}),
    ({"config": {}}, {"config": {}}),
    ({"context": {"a": 1}}, {"config": {"tags": ["t"], "configurable": {"a": 1}}, "context": {"a": 1}}),
    ({"context": {}}, {"config": {"tags": ["t"]}, "context": {}}),
    (
        {"config": {"tags": ["n"]}, "context": {"a": 1}},
        {"config": {"tags": ["n"], "configurable": {"a": 1}}, "context": {"a": 1}},
    ),
    ({"config": {}, "context": {}}, {"config": {}, "context": {}}),
]


@pytest.mark.parametrize(("change", "difference"), CHANGES, ids=str)
def test_a_change_changes_what_it_names(change: dict[str, Any], difference: dict[str, Any]) -> None:
    assert AssistantChange(**change).applied(BEFORE) == replace(BEFORE, **difference)


def test_configurable_and_context_together_are_refused() -> None:
    config, context = {"configurable": {"a": 1}}, {"b": 1}
    with pytest.raises(BadRequest, match="Cannot specify both configurable and context"):
        mirrored(config, context)
    with pytest.raises(BadRequest, match="Cannot specify both configurable and context"):
        AssistantChange(config=config, context=context).applied(BEFORE)
