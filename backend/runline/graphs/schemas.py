"""What a graph takes, holds and gives as JSON schemas, and its picture as nodes and edges.

Divergence 17: a context schema that pydantic refuses altogether (such as a `typing.TypedDict` before Python
3.12) is null here; the official server answers the whole call with 500.
Divergence 17: a graph that LangGraph cannot draw is 422 here, and 500 there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from langgraph.pregel import Pregel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import CoreSchema

from runline.errors import Invalid

Schema = dict[str, Any]


def describe_schemas(graph: Pregel[Any, Any, Any, Any], graph_id: str) -> dict[str, Any]:
    """Return the graph's id and `graph_schemas`."""
    return {"graph_id": graph_id, **graph_schemas(graph)}


def describe_subgraphs(
    graph: Pregel[Any, Any, Any, Any], namespace: str | None, *, recurse: bool
) -> dict[str, dict[str, Any]]:
    """Return the `graph_schemas` of subgraphs by namespace: of one or all, and with `recurse` of those inside them."""
    found = graph.get_subgraphs(namespace=namespace, recurse=recurse)
    # a graph that lives on another server cannot be asked for its schemas
    return {name: graph_schemas(subgraph) for name, subgraph in found if isinstance(subgraph, Pregel)}


def graph_schemas(graph: Pregel[Any, Any, Any, Any]) -> dict[str, Schema | None]:
    """Return a graph's five schemas. One that cannot be produced is None; nothing is raised."""
    context = _schema_or_none(graph.get_context_jsonschema)
    return {
        "input_schema": _schema_or_none(graph.get_input_jsonschema),
        "output_schema": _schema_or_none(graph.get_output_jsonschema),
        "state_schema": _schema_or_none(lambda: _state_schema(graph)),
        "config_schema": {} if graph.context_schema is None else context,
        "context_schema": context,
    }


def _schema_or_none(produce: Callable[[], Schema | None]) -> Schema | None:
    """Any type may stand in a user's state, and pydantic has many ways to say that it knows no schema for it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return produce()
    except Exception:
        return None


def _state_schema(graph: Pregel[Any, Any, Any, Any]) -> Schema:
    """LangGraph describes what goes in; the state is what would go in if every channel took input."""
    wide_open = graph.copy({"input_channels": graph.stream_channels_list, "auto_validate": False})
    schema = Pregel.get_input_schema(wide_open).model_json_schema(schema_generator=_Lenient)
    return {**schema, "title": graph.get_name("State")}


class _Lenient(GenerateJsonSchema):
    """Says nothing about a channel whose type has no schema, instead of refusing the whole state."""

    def handle_invalid_for_json_schema(self, schema: CoreSchema, error_info: str) -> Schema:  # noqa: ARG002
        return {}


def draw(graph: Pregel[Any, Any, Any, Any], xray: bool | int) -> dict[str, Any]:
    """Return `{"nodes": [...], "edges": [...]}`; `xray` opens subgraphs, a number only so many levels deep."""
    try:
        picture = graph.get_graph(xray=xray).to_json()
    except Exception as exc:  # LangGraph cannot follow every hand-made Pregel
        raise Invalid(f"This graph cannot be drawn: {type(exc).__name__}: {exc}") from exc
    return {"nodes": [_node(node) for node in picture["nodes"]], "edges": picture["edges"]}


def _node(node: dict[str, Any]) -> dict[str, Any]:
    """Leave out where the node's Python class lives."""
    if not isinstance(node.get("data"), dict):
        return node
    return {**node, "data": {key: value for key, value in node["data"].items() if key != "id"}}
