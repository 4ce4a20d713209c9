"""Assistants as callers name them, and the graphs behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from langchain_core.runnables import RunnableConfig

from runline.errors import Invalid, NotFound
from runline.graphs.registry import Access, AnyGraph, GraphRegistry
from runline.graphs.schemas import describe_schemas, draw
from runline.kit.ids import parse_id
from runline.model.assistant import Assistant, graph_assistant_id
from runline.model.viewer import Viewer
from runline.storage.assistants import AssistantStore


@dataclass(frozen=True, slots=True)
class AssistantGraphs:
    """Finds assistants by id or graph name, and describes their graphs."""

    registry: GraphRegistry
    assistants: AssistantStore

    async def resolve(self, viewer: Viewer, name: str) -> Assistant:
        """The assistant with this id, or the one of the graph with this name.

        Raises NotFound for an unknown id, Invalid for a name that no graph has.
        """
        if name in self.registry:
            return await self.assistants.get(viewer, graph_assistant_id(name))
        if (assistant_id := parse_id(name)) is None:
            graphs = ", ".join(self.registry.graph_ids)
            raise Invalid(
                f"Invalid assistant: '{name}'. Must be either:\n- A valid assistant UUID, or\n"
                f"- One of the registered graphs: {graphs}"
            )
        try:
            return await self.assistants.get(viewer, assistant_id)
        except NotFound as exc:
            raise NotFound("Thread or assistant not found.") from exc

    async def draw(self, viewer: Viewer, name: str, xray: bool | int) -> dict[str, Any]:
        """Nodes and edges of the assistant's graph; `xray` opens subgraphs. Raises as `resolve` does."""
        async with self._open(await self.resolve(viewer, name)) as graph:
            return draw(graph, xray)

    async def schemas(self, viewer: Viewer, assistant_id: str) -> dict[str, Any]:
        """JSON schemas of the assistant's graph. Raises NotFound."""
        assistant = await self.assistants.get(viewer, assistant_id)
        async with self._open(assistant) as graph:
            return describe_schemas(graph, assistant.graph_id)

    @asynccontextmanager
    async def _open(self, assistant: Assistant) -> AsyncIterator[AnyGraph]:
        config: RunnableConfig = {"configurable": assistant.config.get("configurable", {})}
        access = Access("assistants.read")
        async with self.registry.open(assistant.graph_id, config, access=access, store=None) as graph:
            yield graph
