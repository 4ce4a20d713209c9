"""Which subgraphs are described, and under which names; the expected values were seen on the official server."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from langgraph.graph import START, StateGraph
from pydantic import BaseModel
from typing_extensions import TypedDict

from runline.graphs.schemas import describe_subgraphs, graph_schemas


class Typed(TypedDict, total=False):
    log: Annotated[list[str], operator.add]


class Model(BaseModel):
    name: str = "x"


@dataclass
class Data:
    n: int = 3


class Tone(TypedDict, total=False):
    tone: str


def nothing(state: Any) -> dict[str, Any]:
    return {}


def around(state: Any, name: str, inside: Any, **schemas: Any) -> Any:
    builder = StateGraph(state, **schemas)
    builder.add_node(name, inside)
    builder.add_edge(START, name)
    return builder.compile(name=f"the graph of {name}")


DEEP = around(Data, "deep", nothing)
INNER = around(Model, "inner", DEEP)
CHILD = around(Typed, "child", INNER, context_schema=Tone)
OUTER = around(Typed, "outer", CHILD)


@pytest.mark.parametrize(
    ("namespace", "recurse", "found"),
    [
        (None, False, ["outer"]),
        (None, True, ["outer", "outer|child", "outer|child|inner"]),
        ("outer", False, ["outer"]),
        ("outer", True, ["outer"]),
        ("outer|child", False, []),
        ("outer|child", True, ["outer|child"]),
        ("outer|child|inner", True, ["outer|child|inner"]),
        ("child", True, []),
        ("outer:123", True, []),
        ("", True, []),
        ("a\0b", True, []),
    ],
)
def test_subgraphs_are_named_by_the_nodes_on_the_way(namespace: str | None, recurse: bool, found: list[str]) -> None:
    assert sorted(describe_subgraphs(OUTER, namespace, recurse=recurse)) == found


def test_a_subgraph_has_the_schemas_of_its_graph() -> None:
    described = describe_subgraphs(OUTER, None, recurse=True)
    assert described == {
        "outer": graph_schemas(CHILD),
        "outer|child": graph_schemas(INNER),
        "outer|child|inner": graph_schemas(DEEP),
    }
    typed, model, data = [described[name] for name in sorted(described)]
    assert typed["context_schema"] == typed["config_schema"]
    assert set(typed["context_schema"]["properties"]) == {"tone"}
    assert (model["config_schema"], model["context_schema"]) == ({}, None)
    assert model["input_schema"]["properties"] == {"name": {"default": "x", "title": "Name", "type": "string"}}
    assert data["output_schema"]["properties"] == {"n": {"default": 3, "title": "N", "type": "integer"}}


def test_a_graph_without_subgraphs_has_none_to_describe() -> None:
    assert describe_subgraphs(DEEP, None, recurse=True) == {}
