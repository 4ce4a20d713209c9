"""Graphs that do as their input tells them; both servers serve them. They import nothing of Runline's."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass
from typing import Annotated, Any

from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from typing_extensions import TypedDict


class Log(TypedDict, total=False):
    """What happened, in order; `task` is what the second node shall do: "slow", "fail", "hide", "tell" or nothing."""

    log: Annotated[list[str], operator.add]
    task: str


class HiddenError(Exception):
    """An application's own exception."""


async def first(state: Log) -> Log:
    """Begin."""
    return {"log": ["first"]}


async def second(state: Log, runtime: Runtime[Any]) -> Log:
    """Do the task."""
    task = state.get("task")
    if task == "slow":
        await asyncio.sleep(60)
    if task == "fail":
        raise ValueError("kaboom")
    if task == "hide":
        raise HiddenError("a secret")
    if task == "tell":
        for told in ({"number": 1}, "text", [1, 2], 3, None):
            runtime.stream_writer(told)
    return {"log": ["second"]}


async def third(state: Log) -> Log:
    """End."""
    return {"log": ["third"]}


steps = (
    StateGraph(Log)
    .add_node(first)
    .add_node(second)
    .add_node(third)
    .add_edge(START, "first")
    .add_edge("first", "second")
    .add_edge("second", "third")
    .compile()
)


async def ask(state: Log) -> Log:
    """Ask a person."""
    return {"log": [f"answer: {interrupt({'question': 'Shall we?'})}"]}


asks = StateGraph(Log).add_sequence([first, ask, third]).add_edge(START, "first").compile()


async def left(state: Log) -> Log:
    """Ask one of two questions."""
    return {"log": [f"left: {interrupt('left')}"]}


async def right(state: Log) -> Log:
    """Ask the other."""
    return {"log": [f"right: {interrupt('right')}"]}


asks_two = StateGraph(Log).add_node(left).add_node(right).add_edge(START, "left").add_edge(START, "right").compile()

child = StateGraph(Log).add_sequence([first, ask]).add_edge(START, "first").compile(name="child")
family = StateGraph(Log).add_node("child", child).add_node(third).add_edge(START, "child").add_edge("child", "third")

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


@dataclass(frozen=True)
class Taste:
    """A context."""

    tone: str = "plain"
    size: int = 1


_OWN = ("tone", "size", "thread_id", "run_id", "graph_id", "assistant_id", "user_id", "x-tone")


async def look(state: Seen, runtime: Runtime[Any]) -> Seen:
    """Write down the run's config and context."""
    config, context = get_config(), runtime.context
    configurable = {key: value for key, value in config["configurable"].items() if key in _OWN}
    kept = {key: context[key] for key in _OWN if key in context} if isinstance(context, dict) else context
    tags, limit = config.get("tags"), config.get("recursion_limit")
    metadata = {key: value for key, value in config["metadata"].items() if key.startswith("own")}
    return {
        "seen": {
            "tags": tags,
            "limit": limit,
            "metadata": metadata,
            "configurable": configurable,
            "context": vars(kept) if isinstance(kept, Taste) else kept,
        }
    }


mirror = StateGraph(Seen).add_node(look).add_edge(START, "look").compile()
tuned = StateGraph(Seen, context_schema=Taste).add_node(look).add_edge(START, "look").compile()


def made(config: RunnableConfig) -> CompiledStateGraph[Any, Any, Any, Any]:
    """A factory: the graph's one node bears the name that the config asks for."""
    name = config.get("configurable", {}).get("tone", "plain")
    return StateGraph(Seen).add_node(name, look).add_edge(START, name).compile()


async def remember(state: Seen, runtime: Runtime[Any]) -> Seen:
    """Keep what was seen, and return what was kept before."""
    assert runtime.store
    before = await runtime.store.aget(("conformance",), "seen")
    await runtime.store.aput(("conformance",), "seen", state.get("seen", {}))
    return {"seen": before.value if before else {}}


memory = StateGraph(Seen).add_node(remember).add_edge(START, "remember").compile()
