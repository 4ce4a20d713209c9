"""A configured graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

# Observed: the platform derives the assistant of a graph from this namespace, which is not one of the RFC's.
_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True, slots=True)
class Assistant:
    """A graph with a name and default config; version 1 of each graph exists from start-up."""

    assistant_id: str
    graph_id: str
    owner: str
    name: str
    description: str | None
    version: int
    created_at: datetime
    updated_at: datetime
    config: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


def graph_assistant_id(graph_id: str) -> str:
    """Return the id of the assistant that every deployment makes for a graph."""
    return str(uuid5(_NAMESPACE, graph_id))
