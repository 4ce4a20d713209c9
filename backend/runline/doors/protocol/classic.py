"""Events of classic runs, as far as their stream modes tell what the protocol asks for: see docs/protocol.md.

They say no time of their own; theirs is that of their run's creation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from runline.doors.protocol.classic_messages import MessageBlocks
from runline.doors.protocol.events import milliseconds
from runline.graphs.protocol_stream import checkpoint_of, event_name, event_params
from runline.kit.json import dumps, loads
from runline.model.event import Event
from runline.model.run import Run
from runline.runs.agent_tree import ASKED

Namespace = tuple[str, ...]
Told = tuple[str, bytes]


class ClassicEvents:
    """A translation that goes through a run from its first event on."""

    def __init__(self, run: Run) -> None:
        self._at = milliseconds(run.created_at)
        self._asked: set[str] = set()
        self._messages: dict[Namespace, MessageBlocks] = defaultdict(MessageBlocks)
        self._translate: dict[str, Callable[[Namespace, Any], Iterator[Told]]] = {
            "values": self._on_values,
            "updates": self._on_updates,
            "custom": self._on_custom,
            "tasks": self._on_tasks,
            "checkpoints": self._on_checkpoints,
            "messages": self._on_chunk,
            "messages/partial": self._on_grown,
            "messages/complete": self._on_whole,
        }

    def translate(self, event: Event) -> Iterator[Told]:
        """What an event is told as: names and params."""
        kind, *namespace = event.name.split("|")
        if translate := self._translate.get(kind):
            yield from translate(tuple(namespace), loads(event.data))

    def _on_values(self, namespace: Namespace, data: Any) -> Iterator[Told]:
        yield from self._blocks(namespace, self._messages[namespace].flush())
        if isinstance(data, dict):
            yield from self._requests(namespace, data.pop("__interrupt__", ()))
        yield self._told("values", namespace, data)

    def _on_updates(self, namespace: Namespace, data: dict[str, Any]) -> Iterator[Told]:
        yield from self._blocks(namespace, self._messages[namespace].flush())
        yield from self._requests(namespace, data.pop("__interrupt__", ()))
        for node, values in data.items():
            yield self._told("updates", namespace, {"node": node, "values": values}, node)

    def _requests(self, namespace: Namespace, interrupts: Any) -> Iterator[Told]:
        for each in interrupts or ():
            if each["id"] not in self._asked:
                self._asked.add(each["id"])
                asked = {"interrupt_id": each["id"], "payload": each["value"], "value": each["value"]}
                yield self._told(ASKED, namespace, asked)

    def _on_custom(self, namespace: Namespace, data: Any) -> Iterator[Told]:
        yield self._told("custom", namespace, {"payload": data})

    def _on_tasks(self, namespace: Namespace, data: Any) -> Iterator[Told]:
        yield self._told("tasks", namespace, data)

    def _on_checkpoints(self, namespace: Namespace, data: dict[str, Any]) -> Iterator[Told]:
        yield self._told("checkpoints", namespace, checkpoint_of(data))

    def _on_chunk(self, namespace: Namespace, data: list[Any]) -> Iterator[Told]:
        message, metadata = data
        node = metadata.get("langgraph_node")
        yield from self._blocks(namespace, self._messages[namespace].chunk(message), node)

    def _on_grown(self, namespace: Namespace, data: list[Any]) -> Iterator[Told]:
        for message in data:
            yield from self._blocks(namespace, self._messages[namespace].grown(message))

    def _on_whole(self, namespace: Namespace, data: list[Any]) -> Iterator[Told]:
        for message in data:
            yield from self._blocks(namespace, self._messages[namespace].whole(message))

    def _blocks(self, namespace: Namespace, events: Iterator[Any], node: str | None = None) -> Iterator[Told]:
        for event in events:
            yield self._told("messages", namespace, event, node)

    def _told(self, kind: str, namespace: Namespace, data: Any, node: str | None = None) -> Told:
        return event_name(kind, namespace), dumps(event_params(namespace, data, node, self._at))
