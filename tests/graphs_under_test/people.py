"""Graphs that wait for people."""

from __future__ import annotations

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt

from graphs_under_test.knobs import Knobs, Log, pass_gate


async def prepare(state: Log) -> Log:
    """The step before the question."""
    return {"log": ["prepared"]}


async def ask(state: Log) -> Log:
    """Ask a person and note the answer."""
    return {"log": [f"answer: {interrupt({'question': 'Shall we?'})}"]}


async def act(state: Log, runtime: Runtime[Knobs]) -> Log:
    """The step after the answer; it waits at the gate, if the run has one."""
    await pass_gate(runtime)
    return {"log": ["acted"]}


asks = (
    StateGraph(Log, context_schema=Knobs)
    .add_node(prepare)
    .add_node(ask)
    .add_node(act)
    .add_edge(START, "prepare")
    .add_edge("prepare", "ask")
    .add_edge("ask", "act")
    .compile()
)


async def left(state: Log) -> Log:
    """Ask two questions, one after the other."""
    first = interrupt("left, first")
    second = interrupt("left, second")
    return {"log": [f"left: {first}, {second}"]}


async def right(state: Log, runtime: Runtime[Knobs]) -> Log:
    """Ask one question, then wait at the gate, if the run has one."""
    answer = interrupt("right")
    await pass_gate(runtime)
    return {"log": [f"right: {answer}"]}


asks_many = (
    StateGraph(Log, context_schema=Knobs)
    .add_node(left)
    .add_node(right)
    .add_edge(START, "left")
    .add_edge(START, "right")
    .compile()
)

child = StateGraph(Log).add_sequence([prepare, ask]).add_edge(START, "prepare").compile(name="child")

family = (
    StateGraph(Log, context_schema=Knobs)
    .add_node("child", child)
    .add_node("act", act)
    .add_edge(START, "child")
    .add_edge("child", "act")
    .compile()
)
