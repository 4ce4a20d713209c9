"""Graphs that keep items in the store, by each of the ways in which LangGraph hands it out."""

from __future__ import annotations

from typing import Any

from langgraph.config import get_store
from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore
from langgraph_sdk.runtime import ServerRuntime
from typing_extensions import TypedDict

NOTES = ("notes",)


class Notes(TypedDict, total=False):
    """State: a note to keep, and the keys of all that are kept."""

    note: str
    seen: list[str]


async def by_parameter(state: Notes, *, store: BaseStore) -> None:
    """Keep the note, told by a parameter."""
    await store.aput(NOTES, "by parameter", {"text": state["note"]})


async def by_runtime(state: Notes, runtime: Runtime[None]) -> None:
    """Keep the note, told by the runtime."""
    assert runtime.store
    await runtime.store.aput(NOTES, "by runtime", {"text": state["note"]})


def by_context(state: Notes) -> None:
    """Keep the note from a thread, told by the context."""
    get_store().put(NOTES, "by context", {"text": state["note"]})


async def look(state: Notes, runtime: Runtime[None]) -> Notes:
    """See what is kept."""
    assert runtime.store
    return {"seen": sorted(item.key for item in await runtime.store.asearch(NOTES))}


inner = StateGraph(Notes).add_node("by_context", by_context).add_edge(START, "by_context").compile()

builder = (
    StateGraph(Notes)
    .add_node("by_parameter", by_parameter)
    .add_node("by_runtime", by_runtime)
    .add_node("inner", inner)
    .add_node("look", look)
    .add_edge(START, "by_parameter")
    .add_edge("by_parameter", "by_runtime")
    .add_edge("by_runtime", "inner")
    .add_edge("inner", "look")
)
notes = builder.compile()


async def made(runtime: ServerRuntime[Any]) -> Any:
    """A graph that its factory makes, which keeps an item for each reason it was called for."""
    await runtime.store.aput(("factory",), runtime.access_context, {})
    return builder


def count_colours(texts: list[str]) -> list[list[float]]:
    """A vector for each text: how often it names red, green and blue."""
    return [[float(text.split().count(colour)) for colour in ("red", "green", "blue")] for text in texts]
