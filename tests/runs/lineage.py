"""A graph with everything that leaves traces in checkpoints, run directly on a saver, and what is stored of it."""

from __future__ import annotations

import asyncio
import operator
from dataclasses import dataclass, field
from typing import Annotated, Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from kit.savers import everything
from kit.waiting import wait_until
from runline.graphs.checkpoints import RunlineSaver
from runline.kit.ids import new_id

THREAD = "thread"


class State(TypedDict, total=False):
    log: Annotated[list[str], operator.add]


@dataclass
class Lineage:
    """One thread: a first node, two side by side, one that asks three times, a subgraph that asks once, a last node."""

    saver: RunlineSaver
    durability: Any = "async"
    behaviour: str = "well"
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        inner = StateGraph(State)
        inner.add_node("inside", lambda _: {"log": [f"inside {interrupt('from inside')}"]})
        inner.add_edge(START, "inside")
        builder = StateGraph(State)
        builder.add_node("first", lambda _: {"log": ["first"]})
        builder.add_node("left", lambda _: {"log": ["left"]})
        builder.add_node("right", self._right)  # type: ignore[arg-type]  # a method is one too
        builder.add_node("ask", lambda _: {"log": [f"{interrupt('one')} {interrupt('two')} {interrupt('three')}"]})
        builder.add_node("child", inner.compile())
        builder.add_node("last", lambda _: {"log": ["last"]})
        builder.add_edge(START, "first")
        builder.add_edge("first", "left")
        builder.add_edge("first", "right")
        builder.add_edge(["left", "right"], "ask")
        builder.add_edge("ask", "child")
        builder.add_edge("child", "last")
        self.graph = builder.compile(checkpointer=self.saver)

    async def _right(self, _: State) -> State:
        if self.behaviour == "badly":
            raise ValueError("badly")
        if self.behaviour == "never":
            self.entered.set()
            await asyncio.Event().wait()
        return {"log": ["right"]}

    def config(self, **configurable: Any) -> RunnableConfig:
        return {"configurable": {"thread_id": THREAD, "checkpoint_ns": "", **configurable}}

    async def run(self, given: Any, behaviour: str = "well", **configurable: Any) -> str:
        """One run, as the executor makes it; returns its id. `never`: it is cancelled in the middle."""
        run_id = new_id()
        self.behaviour = behaviour
        self.entered.clear()
        config = self.config(run_id=run_id, **configurable)
        others = asyncio.all_tasks()
        call = self.graph.ainvoke(given, config, durability=self.durability)
        running = asyncio.create_task(call)
        if behaviour == "never":
            await wait_until(lambda: self.entered.is_set() or running.done())
            running.cancel()
        await asyncio.wait([running])
        # what was cut off may still be saving; the executor fences it off
        await wait_until(lambda: asyncio.all_tasks() <= others)
        assert running.cancelled() or behaviour == "badly" or running.exception() is None
        return run_id

    async def reach(self, place: str) -> list[str]:
        """Bring the thread to a place; returns the runs that it took."""
        if place == "nowhere":
            return []
        if place in ("an error", "a cancel"):
            return [await self.run({"log": ["in"]}, "badly" if place == "an error" else "never")]
        if place == "a state update":
            return [await self.run({"log": ["in"]}), await self.update()][:1]
        runs = [await self.run({"log": ["in"]})]
        for step in ("question one", "question two", "question three", "question inside", "the end"):
            if step == place:
                return runs
            runs.append(await self.run(Command(resume="yes")))
        raise AssertionError(place)

    async def update(self) -> str:
        await self.graph.aupdate_state(self.config(), {"log": ["updated"]}, as_node="first")
        return ""

    async def oldest_checkpoint(self) -> str | None:
        states = [state async for state in self.graph.aget_state_history(self.config())]
        found: str | None = states[-1].config["configurable"]["checkpoint_id"] if states else None
        return found

    async def stored(self) -> dict[str, list[Any]]:
        """Every row of every table, to the last byte."""
        return await everything(self.saver)

    async def told(self) -> list[Any]:
        """The whole history as clients see it."""
        return [state async for state in self.graph.aget_state_history(self.config())]
