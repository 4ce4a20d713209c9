"""A runnable at work inside a run: a node, a tool, a call of a model, or what holds them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from runline.model.callers import CallerPath


@dataclass(frozen=True, slots=True)
class Part:
    """`opens`: a subagent or middleware begins with it. `is_node`: it is all that a node does, not a piece of it.

    `node`, `step` and `namespace` say where in the graph it stands, as LangGraph does.
    """

    path: CallerPath
    opens: bool
    is_node: bool
    name: str | None
    node: str | None
    step: int | None
    namespace: str | None
    begun: float = field(default_factory=time.monotonic)

    @property
    def duration_ms(self) -> int:
        """How long it has taken so far."""
        return round((time.monotonic() - self.begun) * 1000)

    def as_metadata(self) -> dict[str, Any]:
        """Where it stands, and for whom it works."""
        return {
            "node": self.node,
            "step": self.step,
            "checkpoint_ns": self.namespace,
            "caller": self.path.caller,
            "caller_name": self.path.name,
        }
