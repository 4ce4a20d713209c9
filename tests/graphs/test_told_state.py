"""The state that a stream has told is the one that would be read: for every kind of graph, or it tells none."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.channels import EphemeralValue, UntrackedValue
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel
from typing_extensions import TypedDict

from runline.graphs.invocation import Invocation
from runline.graphs.registry import AnyGraph
from runline.graphs.state import thread_state
from runline.graphs.stream import GraphStream
from runline.kit.ids import new_id
from runline.kit.json import dumps


class Log(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    note: str


class Shown(TypedDict):
    note: str


class Model(BaseModel):
    log: Annotated[list[str], operator.add] = []
    nested: dict[str, Any] = {}


@dataclass
class Data:
    log: Annotated[list[str], operator.add] = field(default_factory=list)


class Fleeting(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    spark: Annotated[str, EphemeralValue]


class Untracked(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    secret: Annotated[str, UntrackedValue]


def build(schema: Any, *nodes: Any, **options: Any) -> StateGraph[Any, Any, Any, Any]:
    builder: StateGraph[Any, Any, Any, Any] = StateGraph(schema, **options)
    return builder.add_sequence([(f"node{number}", node) for number, node in enumerate(nodes)]).add_edge(START, "node0")


def log(*words: str, **more: Any) -> Any:
    return lambda _: {"log": list(words), **more}


def fan_out(_: Any) -> list[Send]:
    return [Send("node1", {}), Send("node1", {})]


def answer(_: Any) -> Any:
    return {"messages": [AIMessage("hello", id="1")]}


@entrypoint()
async def functional(given: dict[str, Any]) -> dict[str, Any]:
    return {"got": given}


SENDING = build(Log, log("a"), log("b")).add_conditional_edges("node0", fan_out, ["node1"])
NESTED = build(Log, build(Log, log("inner"), log("inner too")).compile(), log("outer"))
JUMPING = build(Log, lambda _: Command(update={"log": ["jump"]}, goto=END), log("never"))

TOLD: dict[str, AnyGraph] = {
    "reducers": build(Log, log("a"), log("b", note="n")).compile(),
    "a last step that writes nothing": build(Log, log("a"), lambda _: {}).compile(),
    "an output schema": build(Log, log("a", note="n"), output_schema=Shown).compile(),
    "messages": build(MessagesState, answer).compile(),
    "pydantic": build(Model, log("a", nested={"x": {1, 2}})).compile(),
    "a dataclass": build(Data, log("a")).compile(),
    "an ephemeral channel": build(Fleeting, log("a"), log("b", spark="!")).compile(),
    "an ephemeral channel that is spent": build(Fleeting, log("a", spark="!"), log("b")).compile(),
    "send": SENDING.compile(),
    "a subgraph": NESTED.compile(),
    "a command": JUMPING.compile(),
    "a function": functional,
}
NOT_TOLD: dict[str, AnyGraph] = {
    "an untracked channel": build(Untracked, log("a", secret="s")).compile(),  # noqa: S106 - a channel's name
    "an interrupt": build(Log, lambda _: {"log": [interrupt("?")]}).compile(),
    "a breakpoint before a node": build(Log, log("a"), log("b")).compile(interrupt_before=["node1"]),
    "a breakpoint after a node": build(Log, log("a"), log("b")).compile(interrupt_after="*"),
    "an interrupt in a subgraph": build(Log, build(Log, lambda _: {"log": [interrupt("?")]}).compile()).compile(),
}


async def run(graph: AnyGraph, *modes: str, subgraphs: bool = False, **options: Any) -> tuple[GraphStream, Any]:
    """Run a graph twice on a thread, then read its state."""
    graph = graph.copy(update={"checkpointer": InMemorySaver()})
    config: RunnableConfig = {"configurable": {"thread_id": new_id()}}
    given = {"messages": ["hi"]} if "messages" in graph.channels else {"log": ["in"]}
    for _ in range(2):
        stream = GraphStream(modes, subgraphs=subgraphs)
        async for _ in stream.run(graph, Invocation(given, config, None, options)):
            pass
    return stream, thread_state(await graph.aget_state(config))


@pytest.mark.parametrize("modes", [(), ("updates",), ("messages", "values")])
@pytest.mark.parametrize("subgraphs", [False, True])
@pytest.mark.parametrize("name", TOLD)
async def test_a_stream_that_came_to_its_end_has_told_the_state(
    name: str, subgraphs: bool, modes: tuple[str, ...]
) -> None:
    stream, read = await run(TOLD[name], *modes, subgraphs=subgraphs)
    assert stream.state is not None
    assert dumps(stream.state) == dumps(read)


@pytest.mark.parametrize("name", NOT_TOLD)
async def test_a_state_that_the_stream_does_not_show_whole_must_be_read(name: str) -> None:
    stream, _ = await run(NOT_TOLD[name])
    assert stream.state is None


@pytest.mark.parametrize("option", ["interrupt_before", "interrupt_after"])
async def test_so_must_one_that_was_to_be_stopped_at_a_node(option: str) -> None:
    asked: Any = {option: ["node1"]}
    stream, _ = await run(TOLD["reducers"], **asked)
    assert stream.state is None


async def test_a_stream_that_failed_has_told_nothing() -> None:
    def fail(_: Any) -> None:
        raise KeyError

    stream = GraphStream((), subgraphs=False)
    config: RunnableConfig = {"configurable": {"thread_id": new_id()}}
    graph = build(Log, log("a"), fail).compile(checkpointer=InMemorySaver())
    with pytest.raises(KeyError):
        [step async for step in stream.run(graph, Invocation({"log": ["in"]}, config, None, {}))]
    assert stream.state is None
