"""Graphs that do what their input says, and gates at which a test can hold and watch them.

They are imported by the gateway as `runs.agents`, so tests and graphs share one module.
"""

from __future__ import annotations

import asyncio
import operator
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict


@dataclass
class Gate:
    """A place where a graph waits. `visits` counts how often one came, `inside` those who wait now."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    visits: int = 0
    inside: int = 0

    def open(self) -> None:
        self.opened.set()


GATES: defaultdict[str, Gate] = defaultdict(Gate)


class Secret(Exception):
    """An application's own exception."""


class State(TypedDict, total=False):
    """What is left to do, and what was done."""

    script: list[str]
    log: Annotated[list[str], operator.add]


async def act(state: State, config: RunnableConfig) -> dict[str, Any]:
    """Do the first thing of the script."""
    words = state["script"][0].split()
    told = await perform(words, config)
    return {"script": state["script"][1:], "log": [told]}


async def perform(words: Sequence[str], config: RunnableConfig) -> str:
    match words:
        case ["wait" | "visit" | "ignore" as how, name]:
            await come_to_gate(name, how)
        case ["ask", question]:
            return f"answered {interrupt(question)}"
        case ["write", count]:
            for number in range(int(count)):
                get_stream_writer()(number)
                await asyncio.sleep(0)
        case ["fail"]:
            raise ValueError("kaboom")
        case ["leak"]:
            raise Secret("password")
        case ["cancel", "yourself"]:
            task_of(config["metadata"]["run_id"]).cancel()
            await asyncio.Event().wait()
        case ["attempt"]:
            return f"attempt {config['metadata']['run_attempt']}"
    return " ".join(words)


async def come_to_gate(name: str, how: str) -> None:
    """`visit`: pass by; `wait`: until it is open; `ignore`: the same, but a cancellation opens it too."""
    GATES[name].visits += 1
    if how == "visit":
        return
    GATES[name].inside += 1
    try:
        await GATES[name].opened.wait()
    except asyncio.CancelledError:
        if how == "wait":
            raise
        GATES[f"{name} was cancelled"].open()
    finally:
        GATES[name].inside -= 1


def task_of(run_id: str) -> asyncio.Task[Any]:
    """The task in which a run's graph is executed."""
    return next(task for task in asyncio.all_tasks() if task.get_name() == f"graph {run_id}")


def script_graph() -> StateGraph[Any, Any, Any, Any]:
    builder = StateGraph(State)
    builder.add_node("act", act)
    builder.add_edge(START, "act")
    builder.add_conditional_edges("act", lambda state: "act" if state.get("script") else END)
    return builder


graph = script_graph()

moods = {"open": True}


def moody() -> StateGraph[Any, Any, Any, Any]:
    """A factory that can be made to fail."""
    if not moods["open"]:
        raise ValueError("not in the mood")
    return graph
