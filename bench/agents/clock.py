"""An agent that says when it was started, by the machine's monotonic clock in seconds."""

import time
from typing import TypedDict

from langgraph.graph import START, StateGraph


class ClockState(TypedDict, total=False):
    """When the node began."""

    started: float


async def look(state: ClockState) -> ClockState:  # noqa: ARG001 - a node is called with its name
    """Look at the clock."""
    return {"started": time.monotonic()}


graph = StateGraph(ClockState).add_node("look", look).add_edge(START, "look").compile(name="clock")
