"""A graph with a node that blocks the event loop: it says that it is async, and calls what is not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from langgraph.graph import START, StateGraph
from langgraph.runtime import Runtime

from graphs_under_test.knobs import POLL_SECONDS, Log


@dataclass(frozen=True)
class Blocking:
    """Context: for how long the node blocks at least, and a file until whose creation it does.

    It says on `<gate>.visits` that it is there.
    """

    gate: str
    seconds: float = 0.0


async def before(state: Log) -> Log:
    """The step before, which may still be on its way to the database as the next one blocks."""
    return {"log": ["before"]}


async def block(state: Log, runtime: Runtime[Blocking]) -> Log:
    """As a call of a library does that knows nothing of event loops."""
    _stand_still(Path(runtime.context.gate), runtime.context.seconds)
    return {"log": ["blocked"]}


def _stand_still(gate: Path, seconds: float) -> None:
    with gate.with_name(f"{gate.name}.visits").open("a") as visits:
        visits.write("visit\n")
    time.sleep(seconds)
    while not gate.exists():
        time.sleep(POLL_SECONDS)


async def after(state: Log) -> Log:
    """The step after it."""
    return {"log": ["after"]}


blocks = (
    StateGraph(Log, context_schema=Blocking)
    .add_node(before)
    .add_node(block)
    .add_node(after)
    .add_edge(START, "before")
    .add_edge("before", "block")
    .add_edge("block", "after")
    .compile()
)
