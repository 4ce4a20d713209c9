"""The root state that a run's stream has told last: shown, given as the result, and stored as the thread's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from langgraph.channels import UntrackedValue
from langgraph.types import Interrupt

from runline.graphs.invocation import Invocation
from runline.graphs.registry import AnyGraph
from runline.kit.json import Once
from runline.model.lifecycle import ThreadStatus
from runline.model.thread import ThreadState


class LastValues:
    """A long state is encoded once, although it is needed three times."""

    def __init__(self) -> None:
        self._values = Once(None)
        self._interrupts: dict[str, Any] = {}
        self._complete = False

    def keep(self, values: Any, interrupts: Iterable[Interrupt]) -> Once:
        """Take the values told next, and what is asked with them; returns what to tell."""
        self._values = Once(values)
        self._interrupts.update({interrupt.id: interrupt for interrupt in interrupts})
        return self._values

    def complete(self, *, tells_state: bool) -> None:
        """The graph came to its end. `tells_state`: all of its state was in its values."""
        self._complete = tells_state

    @property
    def state(self) -> ThreadState | None:
        """What the thread rests at, if the stream has told it; None if that must be read from the checkpoint.

        LangGraph streams the same channels as it reads for a state, so the values of a graph that came to its end
        without an interrupt need not be read, and decoded, again.
        """
        if not self._complete or self._interrupts or not isinstance(self._values.value, dict):
            return None
        return ThreadState(ThreadStatus.IDLE, self._values, {})

    @property
    def result(self) -> Any:
        """The last root state, with every interrupt that came up: langgraph tells of them one at a time."""
        values = self._values.value
        if not self._interrupts or not isinstance(values, dict):
            return self._values
        return {**values, "__interrupt__": list(self._interrupts.values())}


def tells_state(graph: AnyGraph, invocation: Invocation) -> bool:
    """Whether the stream of a graph shows all its state: it stops nowhere by order, and saves all it shows."""
    stops = (graph.interrupt_before_nodes, graph.interrupt_after_nodes)
    asked = (invocation.options.get("interrupt_before"), invocation.options.get("interrupt_after"))
    return not any(stops + asked) and not any(isinstance(it, UntrackedValue) for it in graph.channels.values())
