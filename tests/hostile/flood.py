"""A graph that says a lot."""

from __future__ import annotations

import asyncio

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime
from typing_extensions import TypedDict

_IN_ONE_BREATH = 20


class Amount(TypedDict, total=False):
    """How many events, and of how many bytes each."""

    events: int
    size: int


async def say(state: Amount, runtime: Runtime[None]) -> Amount:
    """Emit the events as fast as the gateway takes them."""
    text = "x" * state["size"]
    for number in range(state["events"]):
        runtime.stream_writer({"number": number, "text": text})
        if number % _IN_ONE_BREATH == 0:
            await asyncio.sleep(0)
    return {}


flood = StateGraph(Amount).add_node(say).add_edge(START, "say").compile()
