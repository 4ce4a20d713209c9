"""From langgraph's stream to events of the agent streaming protocol: (name, params) pairs.

LangGraph makes most of them itself: `astream_events(version="v3")`, which is experimental there, and which only this
module knows. A name is the event's method, for a named custom event `custom:<name>`, and its namespace: what readers
choose by, without a look at the params. Root lifecycle events are not among them: who reads a run knows its beginning
and its end from elsewhere, also where it was cut off.

Divergence 60: tools, updates, checkpoints, tasks and custom events are told; officially a graph's are lost. All events
of a message name it, and the call of the model that it comes from.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

from langchain_core._api import LangChainBetaWarning
from langchain_core.messages import BaseMessage
from langgraph.stream import StreamTransformer
from langgraph.stream.stream_channel import StreamChannel

from runline.graphs.content_blocks import events_of_message
from runline.graphs.invocation import Invocation
from runline.graphs.last_values import LastValues, tells_state
from runline.graphs.registry import AnyGraph
from runline.graphs.stream import Emission
from runline.model.thread import ThreadState

Namespace = Iterable[str]


class ProtocolStream:
    """One execution of a graph as a stream of protocol events."""

    def __init__(self) -> None:
        self._last = LastValues()
        self._asked: set[str] = set()
        self._announced: set[str] = set()
        self._calls: dict[str, str] = {}
        self._held: dict[tuple[str, ...], Emission] = {}
        self._saves: set[tuple[str, ...]] = set()
        self._translate: dict[str, Callable[[dict[str, Any]], Iterator[Emission]]] = {
            "values": self._on_values,
            "messages": self._on_messages,
            "lifecycle": self._on_lifecycle,
            "updates": self._on_updates,
            "checkpoints": self._on_checkpoints,
            "tasks": self._on_tasks,
            "custom": self._on_custom,
            "tools": self._on_tools,
        }

    async def run(self, graph: AnyGraph, invocation: Invocation) -> AsyncIterator[list[Emission]]:
        """Execute the graph, yielding the events of each step of its stream; its exceptions pass through."""
        shows_all = tells_state(graph, invocation)
        try:
            async with await _start(graph, invocation) as running:
                async for event in running:
                    if emissions := list(self._on_event(event["method"], event["params"])):
                        yield emissions
        except Exception:
            yield list(self._release())
            raise
        yield list(self._release())
        self._last.complete(tells_state=shows_all)

    @property
    def state(self) -> ThreadState | None:
        """See LastValues."""
        return self._last.state

    @property
    def result(self) -> Any:
        """See LastValues."""
        return self._last.result

    def _on_event(self, method: str, params: dict[str, Any]) -> Iterator[Emission]:
        if method.startswith("custom:"):
            data = {"name": method.removeprefix("custom:"), "payload": params["data"]}
            yield from self._release()
            yield _told(method, params, data)
        elif translate := self._translate.get(method):
            if method != "checkpoints":
                yield from self._release()
            yield from translate(params)

    def _on_values(self, params: dict[str, Any]) -> Iterator[Emission]:
        """A state, and before it what is asked for with it, once each, where it was asked first."""
        interrupts = params.get("interrupts", ())
        for interrupt in interrupts:
            if interrupt.id not in self._asked:
                self._asked.add(interrupt.id)
                asked = {"interrupt_id": interrupt.id, "payload": interrupt.value, "value": interrupt.value}
                yield _told("input.requested", params, asked)
        place = tuple(params["namespace"])
        data = params["data"] if place else self._last.keep(params["data"], interrupts)
        values = _told("values", params, data)
        if place in self._saves and not interrupts:
            # clients want the checkpoint before its values, and langgraph tells of it right behind them
            self._held[place] = values
        else:
            yield values

    def _on_checkpoints(self, params: dict[str, Any]) -> Iterator[Emission]:
        place = tuple(params["namespace"])
        self._saves.add(place)
        mine = self._held.pop(place, None)
        yield from self._release()
        yield _told("checkpoints", params, checkpoint_of(params["data"]))
        if mine:
            yield mine

    def _release(self) -> Iterator[Emission]:
        """The states whose checkpoint does not come."""
        yield from self._held.values()
        self._held.clear()

    def _on_messages(self, params: dict[str, Any]) -> Iterator[Emission]:
        """Content-block events, which langgraph makes of what models stream; or a message that none has streamed."""
        data, metadata = params["data"]
        node = metadata.get("langgraph_node")
        events = [self._of_call(data, str(metadata.get("run_id")))] if isinstance(data, dict) else self._whole(data)
        for event in events:
            yield _told("messages", params, event, node)

    def _of_call(self, event: dict[str, Any], call_id: str) -> dict[str, Any]:
        """With the ids by which clients tell apart what several models say at once."""
        if event["event"] == "message-start":
            self._calls[call_id] = event.get("id", "")
            self._announced.add(event.get("id", ""))
        ends = event["event"] in ("message-finish", "error")
        message_id = self._calls.pop(call_id, "") if ends else self._calls.get(call_id, "")
        return {**event, "run_id": call_id, "message_id": message_id}

    def _whole(self, message: Any) -> list[dict[str, Any]]:
        known = not isinstance(message, BaseMessage) or message.id in self._announced
        return [] if known else events_of_message(message)

    def _on_lifecycle(self, params: dict[str, Any]) -> Iterator[Emission]:
        data = params["data"]
        event = "interrupted" if data["event"] == "drained" else data["event"]
        # it stands in the data alone
        yield _told("lifecycle", {**params, "namespace": data["namespace"]}, {**data, "event": event})

    def _on_updates(self, params: dict[str, Any]) -> Iterator[Emission]:
        for node, values in params["data"].items():
            if node != "__interrupt__":
                yield _told("updates", params, {"node": node, "values": values}, node)

    def _on_tasks(self, params: dict[str, Any]) -> Iterator[Emission]:
        namespace, data = params["data"]
        yield _told("tasks", {**params, "namespace": namespace}, data)

    def _on_custom(self, params: dict[str, Any]) -> Iterator[Emission]:
        yield _told("custom", params, {"payload": params["data"]})

    def _on_tools(self, params: dict[str, Any]) -> Iterator[Emission]:
        yield _told("tools", params, params["data"])


async def _start(graph: AnyGraph, invocation: Invocation) -> Any:
    with warnings.catch_warnings():
        # experimental in langgraph, whose version is pinned
        warnings.simplefilter("ignore", LangChainBetaWarning)
        return await graph.astream_events(
            invocation.input,
            invocation.config,
            version="v3",
            transformers=[_AllModes],
            context=invocation.context,
            **invocation.options,
        )


class _AllModes(StreamTransformer):
    """Asks for the modes that langgraph leaves out, and passes on the tasks that its own transformers keep.

    It projects nothing under langgraph's names, for which graphs may have transformers of their own.
    """

    _native = True
    before_builtins = True
    required_stream_modes = ("updates", "custom", "checkpoints", "tools", "tasks")

    def init(self) -> dict[str, Any]:
        """See StreamTransformer: what is pushed to a channel of this name is told under it."""
        self._tasks: StreamChannel[Any] = StreamChannel("tasks")
        return {"runline_tasks": self._tasks}

    def process(self, event: Any) -> bool:
        """See StreamTransformer."""
        if event["method"] == "tasks" and not self.scope:
            self._tasks.push((event["params"]["namespace"], event["params"]["data"]))
        return True


def checkpoint_of(data: dict[str, Any]) -> dict[str, Any]:
    """The protocol's checkpoint: {id, parent_id, step, source}, of a `checkpoints` event of langgraph's."""
    parent = ((data.get("parent_config") or {}).get("configurable") or {}).get("checkpoint_id")
    metadata = data.get("metadata") or {}
    return {
        "id": data["config"]["configurable"].get("checkpoint_id"),
        **({"parent_id": parent} if parent else {}),
        "step": metadata.get("step"),
        "source": metadata.get("source"),
    }


def event_params(namespace: Namespace, data: Any, node: str | None = None, at: int | None = None) -> dict[str, Any]:
    """The params of an event that was told at `at`, in milliseconds since 1970; now by default."""
    params = {"namespace": list(namespace), "timestamp": at or time.time_ns() // 1_000_000, "data": data}
    return {**params, "node": node} if node else params


def event_name(kind: str, namespace: Namespace) -> str:
    """The name an event is stored under."""
    return "|".join((kind, *namespace))


def _told(kind: str, params: dict[str, Any], data: Any, node: str | None = None) -> Emission:
    namespace = params["namespace"]
    return event_name(kind, namespace), event_params(namespace, data, node, params["timestamp"])
