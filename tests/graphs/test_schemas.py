"""What a graph's schemas and picture look like; the expected values were seen on the official server."""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from langgraph.channels import LastValue, Topic
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.pregel import NodeBuilder, Pregel
from langgraph.types import Command
from pydantic import BaseModel
from typing_extensions import TypedDict

from runline.errors import Invalid
from runline.graphs.schemas import describe_schemas, draw


class Typed(TypedDict, total=False):
    """A typed dict."""

    a: int
    b: Annotated[list[str], operator.add]


class InputOnly(TypedDict):
    a: int


class Model(BaseModel):
    """A model."""

    a: int = 3


@dataclass
class Data:
    a: int
    b: list[str] = field(default_factory=list)


class TypedContext(TypedDict, total=False):
    user: str


@dataclass
class DataContext:
    user: str = "x"


class ModelContext(BaseModel):
    user: str = "x"


class Opaque:
    """A type that no JSON schema describes."""


class OpaqueState(TypedDict):
    o: Opaque
    n: int


def nothing(state: Any) -> dict[str, Any]:
    return {}


def build(state: Any, context: Any = None, **schemas: Any) -> Any:
    builder = StateGraph(state, context_schema=context, **schemas)
    builder.add_node("one", nothing)
    builder.add_edge(START, "one")
    builder.add_edge("one", END)
    return builder


def describe(state: Any, context: Any = None, **schemas: Any) -> dict[str, Any]:
    return describe_schemas(build(state, context, **schemas).compile(name="agent"), "agent")


A_AND_B = {
    "a": {"default": None, "title": "A", "type": "integer"},
    "b": {"default": None, "items": {"type": "string"}, "title": "B", "type": "array"},
}


def test_a_typed_dict_is_described_by_its_fields() -> None:
    schema = {
        "description": "A typed dict.",
        "properties": {
            "a": {"title": "A", "type": "integer"},
            "b": {"items": {"type": "string"}, "title": "B", "type": "array"},
        },
        "title": "Typed",
        "type": "object",
    }
    assert describe(Typed) == {
        "graph_id": "agent",
        "input_schema": schema,
        "output_schema": schema,
        "state_schema": {"properties": A_AND_B, "title": "agent_state", "type": "object"},
        "config_schema": {},
        "context_schema": None,
    }


def test_input_may_be_less_than_the_state() -> None:
    described = describe(Typed, input_schema=InputOnly)
    assert described["input_schema"]["required"] == ["a"]
    assert described["output_schema"]["title"] == "Typed"
    assert described["state_schema"]["properties"] == A_AND_B


def test_a_model_keeps_its_defaults_and_its_words() -> None:
    described = describe(Model)
    assert described["input_schema"] == {
        "description": "A model.",
        "properties": {"a": {"default": 3, "title": "A", "type": "integer"}},
        "title": "Model",
        "type": "object",
    }
    assert described["state_schema"]["properties"] == {"a": A_AND_B["a"]}


def test_a_dataclass_is_titled_after_the_graph() -> None:
    described = describe(Data)
    assert described["input_schema"] == {
        "properties": {
            "a": {"title": "A", "type": "integer"},
            "b": {"default": [], "items": {"type": "string"}, "title": "B", "type": "array"},
        },
        "required": ["a"],
        "title": "agent_input",
        "type": "object",
    }
    assert described["output_schema"]["title"] == "agent_output"


def test_messages_are_described_by_their_kinds() -> None:
    described = describe(MessagesState)
    assert described["input_schema"]["required"] == ["messages"]
    for name in ("input_schema", "output_schema", "state_schema"):
        messages = described[name]["properties"]["messages"]
        assert {"$ref": "#/$defs/HumanMessage"} in messages["items"]["oneOf"]
        assert described[name]["$defs"]["HumanMessage"]["properties"]["type"]["const"] == "human"


@pytest.mark.parametrize(
    ("context", "user"),
    [
        (TypedContext, {"title": "User", "type": "string"}),
        (DataContext, {"default": "x", "title": "User", "type": "string"}),
        (ModelContext, {"default": "x", "title": "User", "type": "string"}),
    ],
)
def test_the_context_is_the_config_too(context: Any, user: dict[str, str]) -> None:
    described = describe(Typed, context)
    assert described["context_schema"] == {
        "properties": {"user": user},
        "title": context.__name__,
        "type": "object",
    }
    assert described["config_schema"] == described["context_schema"]


def test_a_type_without_a_schema_is_null_and_no_error() -> None:
    described = describe(OpaqueState, OpaqueState)
    assert described["input_schema"] is None
    assert described["output_schema"] is None
    assert described["config_schema"] is None
    assert described["context_schema"] is None
    assert described["state_schema"]["properties"] == {
        "o": {"default": None, "title": "O"},
        "n": {"default": None, "title": "N", "type": "integer"},
    }


def test_an_entrypoint_is_described_by_its_signature() -> None:
    @entrypoint()
    async def agent(number: int) -> str:
        return str(number)

    described = describe_schemas(agent.copy({"name": "agent"}), "agent")
    assert described["input_schema"] == {"title": "agent_input", "type": "integer"}
    assert described["output_schema"] == {"title": "agent_output", "type": "string"}
    assert described["state_schema"]["title"] == "agent_state"


def test_describing_a_graph_leaves_it_as_it_was() -> None:
    graph = build(Typed, input_schema=InputOnly).compile()
    before = dict(vars(graph))
    describe_schemas(graph, "agent")
    assert vars(graph) == before


def runnable(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "runnable", "data": {"name": name}, **more}


def edge(source: str, target: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "target": target, **more}


END_NODE = {"id": "__end__"}


def test_a_picture_is_made_of_nodes_and_edges() -> None:
    assert draw(build(Typed).compile(), False) == {
        "nodes": [runnable("__start__"), runnable("one"), END_NODE],
        "edges": [edge("__start__", "one"), edge("one", "__end__")],
    }


def route(state: Typed) -> Literal["x", "why"]:
    return "x"


def leave(state: Typed) -> Command[Literal["x", "__end__"]]:
    return Command(goto="x")


def test_conditional_edges_carry_their_label_and_nodes_their_metadata() -> None:
    builder = StateGraph(Typed)
    builder.add_node("x", nothing, metadata={"k": 1})
    builder.add_node("y", nothing)
    builder.add_node("leave", leave)
    builder.add_conditional_edges(START, route, {"x": "x", "why": "y"})
    builder.add_edge("x", "leave")
    builder.add_edge("y", "leave")
    picture = draw(builder.compile(interrupt_before=["y"]), False)
    assert picture["nodes"] == [
        runnable("__start__"),
        runnable("x", metadata={"k": 1}),
        runnable("y", metadata={"__interrupt": "before"}),
        runnable("leave"),
        END_NODE,
    ]
    assert picture["edges"] == [
        edge("__start__", "x", conditional=True),
        edge("__start__", "y", data="why", conditional=True),
        edge("leave", "__end__", conditional=True),
        edge("leave", "x", conditional=True),
        edge("x", "leave"),
        edge("y", "leave"),
    ]


def nest() -> Any:
    middle = StateGraph(Typed)
    middle.add_node("inner", build(Typed).compile())
    middle.add_edge(START, "inner")
    outer = StateGraph(Typed)
    outer.add_node("middle", middle.compile())
    outer.add_node("plain", nothing)
    outer.add_edge(START, "middle")
    outer.add_edge("middle", "plain")
    return outer.compile()


@pytest.mark.parametrize(
    ("xray", "inside"), [(False, "middle"), (1, "middle:inner"), (2, "middle:inner:one"), (True, "middle:inner:one")]
)
def test_xray_opens_subgraphs_so_many_levels_deep(xray: bool | int, inside: str) -> None:
    picture = draw(nest(), xray)
    assert {node["id"] for node in picture["nodes"]} == {"__start__", inside, "plain", "__end__"}
    assert runnable(inside) in picture["nodes"]
    assert edge("__start__", inside) in picture["edges"]
    assert edge(inside, "plain") in picture["edges"]


def test_a_picture_is_plain_json() -> None:
    picture = draw(nest(), True)
    assert json.loads(json.dumps(picture)) == picture


def test_a_graph_that_langgraph_cannot_draw_is_refused_with_a_sentence() -> None:
    node = NodeBuilder().subscribe_only("a").do(nothing).write_to("b")
    channels: dict[str, Any] = {"a": LastValue(str), "b": Topic(int)}
    graph: Pregel[Any, Any, Any, Any] = Pregel(
        nodes={"n": node}, channels=channels, input_channels=["a"], output_channels=["b"]
    )
    with pytest.raises(Invalid, match="This graph cannot be drawn: "):
        draw(graph, False)
