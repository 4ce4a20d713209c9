"""A configured graph, its versions, and what makes a new one.

Divergence 23: an empty `config` or `context` in a change empties it, and a new `context` leaves the rest of `config`
(tags, recursion_limit) as it is.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from runline.errors import BadRequest

# Observed: the platform derives the assistant of a graph from this namespace, which is not one of the RFC's.
_NAMESPACE = UUID("6ba7b821-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True, slots=True)
class Assistant:
    """A graph with a name and default config, as its current version has them.

    `remembered`: it was read some time ago, and may be another by now, or gone.
    """

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
    remembered: bool = field(default=False, compare=False)


def graph_assistant_id(graph_id: str) -> str:
    """Return the id of the assistant that every deployment makes for a graph."""
    return str(uuid5(_NAMESPACE, graph_id))


@dataclass(frozen=True, slots=True)
class AssistantVersion:
    """What an assistant was from `created_at` on."""

    assistant_id: str
    version: int
    graph_id: str
    name: str
    description: str | None
    created_at: datetime
    config: dict[str, Any]
    context: dict[str, Any]
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AssistantDraft:
    """An assistant to be."""

    assistant_id: str
    graph_id: str
    name: str
    description: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssistantChange:
    """What is to be different in an assistant's next version; None leaves it as it is."""

    graph_id: str | None = None
    name: str | None = None
    description: str | None = None
    config: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None

    def applied(self, assistant: Assistant) -> Assistant:
        """The assistant with the change: metadata is merged key by key. Raises BadRequest as `mirrored` does."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if self.metadata is not None:
            given["metadata"] = {**assistant.metadata, **self.metadata}
        if self.context is not None:
            config = self.config if self.config is not None else _without_configurable(assistant.config)
            given["config"], given["context"] = mirrored(config, self.context)
        elif self.config is not None:
            given["config"], mirror = mirrored(self.config, {})
            given["context"] = mirror or assistant.context
        return replace(assistant, **given)


def _without_configurable(config: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in config.items() if key != "configurable"}


def mirrored(config: dict[str, Any], context: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config and context where `config.configurable` and `context`, whichever is there, say the same.

    Raises BadRequest if both are there.
    """
    configurable = config.get("configurable") or {}
    refuse_both(configurable, context)
    return ({**config, "configurable": context}, context) if context else (config, configurable)


def refuse_both(configurable: dict[str, Any], context: dict[str, Any]) -> None:
    """Raise BadRequest for a body that has both: the one is the other's older name."""
    if configurable and context:
        raise BadRequest(
            "Cannot specify both configurable and context. Prefer setting context alone. Context was introduced in "
            "LangGraph 0.6.0 and is the long term planned replacement for configurable."
        )
