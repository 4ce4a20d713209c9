"""An agent of several steps that each wait, and each compute: it is told for how long, in seconds, and how many."""

import asyncio
import time
from typing import Literal, TypedDict

from langgraph.graph import START, StateGraph


class LapsState(TypedDict, total=False):
    """What is asked for, and the laps that are done."""

    laps: int
    pause: float
    burn: float
    done: int


async def lap(state: LapsState) -> LapsState:
    """Wait, then keep the processor busy."""
    await asyncio.sleep(state.get("pause", 0))
    until = time.thread_time() + state.get("burn", 0)
    while time.thread_time() < until:
        pass
    return {"done": state.get("done", 0) + 1}


def further(state: LapsState) -> Literal["lap", "__end__"]:
    """Whether there is one more to do."""
    return "lap" if state["done"] < state["laps"] else "__end__"


graph = (
    StateGraph(LapsState)
    .add_node("lap", lap)
    .add_edge(START, "lap")
    .add_conditional_edges("lap", further)
    .compile(name="laps")
)
