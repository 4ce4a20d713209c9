"""Assistants as callers name them, and the graphs behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore

from runline.errors import Invalid, NotFound
from runline.graphs.registry import Access, AnyGraph, GraphRegistry
from runline.graphs.schemas import describe_schemas, describe_subgraphs, draw
from runline.kit.ids import parse_id
from runline.model.assistant import Assistant, graph_assistant_id
from runline.model.viewer import Viewer
from runline.runs.assistant_memory import AssistantMemory
from runline.storage.assistants import AssistantStore


@dataclass(frozen=True, slots=True)
class AssistantGraphs:
    """Finds assistants by id or graph name, and describes their graphs."""

    registry: GraphRegistry
    assistants: AssistantStore
    store: BaseStore
    memory: AssistantMemory = field(default_factory=AssistantMemory)

    async def resolve(self, viewer: Viewer, name: str) -> Assistant:
        """The assistant with this id, or the one of the graph with this name.

        Raises NotFound for an unknown id and a graph whose assistant was deleted, Invalid for a name that no graph has.
        """
        assistant_id = self._id_of(name)
        try:
            assistant = await self.assistants.get(viewer, assistant_id)
        except NotFound as exc:
            self.memory.forget(viewer, assistant_id)
            raise NotFound("Thread or assistant not found.") from exc
        self.memory.keep(viewer, assistant)
        return assistant

    async def recall(self, viewer: Viewer, name: str) -> Assistant:
        """The same, as it is remembered if it was read of late. Raises as `resolve` does."""
        return self.memory.find(viewer, self._id_of(name)) or await self.resolve(viewer, name)

    def _id_of(self, name: str) -> str:
        assistant_id = graph_assistant_id(name) if name in self.registry else parse_id(name)
        if assistant_id is None:
            graphs = ", ".join(self.registry.graph_ids)
            raise Invalid(
                f"Invalid assistant: '{name}'. Must be either:\n- A valid assistant UUID, or\n"
                f"- One of the registered graphs: {graphs}"
            )
        return assistant_id

    async def draw(self, viewer: Viewer, name: str, xray: bool | int) -> dict[str, Any]:
        """Nodes and edges of the assistant's graph; `xray` opens subgraphs. Raises as `resolve` does."""
        async with self._open(await self.resolve(viewer, name)) as graph:
            return draw(graph, xray)

    async def schemas(self, viewer: Viewer, assistant_id: str) -> dict[str, Any]:
        """JSON schemas of the assistant's graph. Raises NotFound."""
        assistant = await self.assistants.get(viewer, assistant_id)
        async with self._open(assistant) as graph:
            return describe_schemas(graph, assistant.graph_id)

    async def subgraphs(
        self, viewer: Viewer, assistant_id: str, namespace: str | None, *, recurse: bool
    ) -> dict[str, Any]:
        """JSON schemas of the subgraphs of the assistant's graph, by namespace; {} for none. Raises NotFound."""
        async with self._open(await self.assistants.get(viewer, assistant_id)) as graph:
            return describe_subgraphs(graph, namespace, recurse=recurse)

    @asynccontextmanager
    async def _open(self, assistant: Assistant) -> AsyncIterator[AnyGraph]:
        config: RunnableConfig = {"configurable": assistant.config.get("configurable", {})}
        access = Access("assistants.read")
        async with self.registry.ask(assistant.graph_id, config, access=access, store=self.store) as graph:
            yield graph
