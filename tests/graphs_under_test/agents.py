"""Small graphs without people in them; all are deterministic."""

from __future__ import annotations

import asyncio
from typing import Any

from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langgraph.config import get_config
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

from graphs_under_test.knobs import Knobs, Log, fail_if_asked, pass_gate


async def one(state: Log) -> Log:
    """The first step."""
    return {"log": ["one"]}


async def two(state: Log, runtime: Runtime[Knobs]) -> Log:
    """The step that waits at the gate, if the run has one."""
    await pass_gate(runtime)
    return {"log": ["two"]}


async def three(state: Log, runtime: Runtime[Knobs]) -> Log:
    """The step that fails, if the run asked for it."""
    fail_if_asked(runtime)
    return {"log": ["three"]}


steps = (
    StateGraph(Log, context_schema=Knobs)
    .add_node(one)
    .add_node(two)
    .add_node(three)
    .add_edge(START, "one")
    .add_edge("one", "two")
    .add_edge("two", "three")
    .compile()
)


class Numbers(TypedDict, total=False):
    """How many numbers to say, and how many seconds to be silent after each."""

    count: int
    pause: float
    said: int


async def count(state: Numbers, runtime: Runtime[None]) -> Numbers:
    """Say 0, 1, 2, ... as custom events."""
    for number in range(state["count"]):
        runtime.stream_writer({"number": number})
        await asyncio.sleep(state.get("pause", 0))
    return {"said": state["count"]}


counter = StateGraph(Numbers).add_node(count).add_edge(START, "count").compile()

model = FakeListChatModel(responses=["Hello"])


async def greet(state: MessagesState) -> dict[str, Any]:
    """Stream a model's answer, a character at a time."""
    return {"messages": [await model.ainvoke(state["messages"])]}


async def sign(state: MessagesState) -> dict[str, Any]:
    """Add a message that no model streamed."""
    return {"messages": [AIMessage("Bye", id="the-signature")]}


chat = StateGraph(MessagesState).add_sequence([greet, sign]).add_edge(START, "greet").compile()


class Seen(TypedDict, total=False):
    """What a node was called with."""

    seen: dict[str, Any]


async def look(state: Seen, runtime: Runtime[Any]) -> Seen:
    """Write down the run's config and context."""
    config = get_config()
    configurable = {key: value for key, value in config["configurable"].items() if not key.startswith("__")}
    rest = {key: config.get(key) for key in ("tags", "recursion_limit", "metadata")}
    return {"seen": {**rest, "configurable": configurable, "context": runtime.context}}


mirror = StateGraph(Seen).add_node(look).add_edge(START, "look").compile()
tuned = StateGraph(Seen, context_schema=Knobs).add_node(look).add_edge(START, "look").compile()
