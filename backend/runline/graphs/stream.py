"""From langgraph's stream to wire events: (name, data) pairs of the platform's nine stream modes.

Divergence 5: `debug` and `checkpoints` events carry no internal keys of `configurable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from langchain_core.messages import BaseMessage, BaseMessageChunk, message_chunk_to_message

from runline.graphs.invocation import INJECTED_KEYS, Invocation
from runline.graphs.last_values import LastValues, tells_state
from runline.graphs.registry import AnyGraph
from runline.model.thread import ThreadState

Emission = tuple[str, Any]

_SHOWN_KEYS = frozenset({"run_id", "thread_id", "graph_id", "assistant_id"})


class GraphStream:
    """One execution of a graph as a stream of wire events."""

    def __init__(self, modes: tuple[str, ...], *, subgraphs: bool) -> None:
        self._last = LastValues()
        self._wanted = frozenset(modes) or frozenset({"values"})
        self._subgraphs = subgraphs
        self._messages = _MessageMerger()
        self._translate: dict[str, Callable[[str, Any], list[Emission]]] = {
            "messages": self._on_messages,
            "debug": self._on_debug,
            "checkpoints": self._on_checkpoints,
        }

    async def run(self, graph: AnyGraph, invocation: Invocation) -> AsyncIterator[list[Emission]]:
        """Execute the graph, yielding the events of each step of its stream; its exceptions pass through."""
        shows_all = tells_state(graph, invocation)
        chunks = self._with_events(graph, invocation) if "events" in self._wanted else self._plain(graph, invocation)
        async for emissions in chunks:
            if emissions:
                yield emissions
        self._last.complete(tells_state=shows_all)

    @property
    def state(self) -> ThreadState | None:
        """See LastValues."""
        return self._last.state

    @property
    def result(self) -> Any:
        """See LastValues."""
        return self._last.result

    def _arguments(self, invocation: Invocation) -> dict[str, Any]:
        modes = {"messages" if mode == "messages-tuple" else mode for mode in self._wanted - {"events"}}
        return {
            "input": invocation.input,
            "config": invocation.config,
            "context": invocation.context,
            "stream_mode": sorted(modes | {"values"}),
            "subgraphs": self._subgraphs,
            **invocation.options,
        }

    async def _plain(self, graph: AnyGraph, invocation: Invocation) -> AsyncIterator[list[Emission]]:
        async for chunk in graph.astream(**self._arguments(invocation)):
            yield self._on_chunk(chunk)

    async def _with_events(self, graph: AnyGraph, invocation: Invocation) -> AsyncIterator[list[Emission]]:
        root = str(invocation.config.get("run_id"))
        async for event in graph.astream_events(version="v2", **self._arguments(invocation)):
            # what the root itself streams are the other modes, in names of langgraph's
            if event["event"] == "on_chain_stream" and event["run_id"] == root:
                yield self._on_chunk(event["data"]["chunk"])
            else:
                yield [("events", event)]

    def _on_chunk(self, chunk: Any) -> list[Emission]:
        namespace, mode, data = chunk if self._subgraphs else ((), *chunk)
        if mode == "values" and not namespace:
            asked = data.get("__interrupt__", ()) if isinstance(data, dict) else ()
            data = self._last.keep(data, asked)
        if mode == "values" and "values" not in self._wanted:
            return []
        suffix = "".join(f"|{part}" for part in namespace)
        translate = self._translate.get(mode)
        return translate(suffix, data) if translate else [(mode + suffix, data)]

    def _on_messages(self, suffix: str, data: tuple[BaseMessage, dict[str, Any]]) -> list[Emission]:
        if "messages-tuple" in self._wanted:
            return [(f"messages{suffix}", data)]
        return self._messages.add(*data)

    def _on_debug(self, suffix: str, data: dict[str, Any]) -> list[Emission]:
        if data["type"] != "checkpoint":
            return [(f"debug{suffix}", data)]
        payload = _scrub(data["payload"])
        for name in ("", "parent_"):
            payload[f"{name}checkpoint"] = _reference(payload[f"{name}config"])
        return [(f"debug{suffix}", {**data, "payload": payload})]

    def _on_checkpoints(self, suffix: str, data: dict[str, Any]) -> list[Emission]:
        return [(f"checkpoints{suffix}", _scrub(data))]


class _MessageMerger:
    """The `messages` mode: each message announced once, then sent whole again with every chunk added to it."""

    def __init__(self) -> None:
        self._merged: dict[str, BaseMessageChunk] = {}
        self._announced: set[str] = set()

    def add(self, message: BaseMessage, metadata: dict[str, Any]) -> list[Emission]:
        key = message.id or ""
        emissions: list[Emission] = []
        if key not in self._announced:
            self._announced.add(key)
            emissions.append(("messages/metadata", {key: {"metadata": metadata}}))
        if not isinstance(message, BaseMessageChunk):
            return [*emissions, ("messages/complete", [message])]
        known = self._merged.get(key)
        merged = known + message if known is not None else message
        self._merged[key] = merged
        return [*emissions, ("messages/partial", [message_chunk_to_message(merged)])]


def _scrub(payload: dict[str, Any]) -> dict[str, Any]:
    return {key: _public(value) if key in ("config", "parent_config") else value for key, value in payload.items()}


def _public(config: dict[str, Any] | None) -> dict[str, Any] | None:
    if config is None:
        return None
    return {"configurable": {key: value for key, value in config["configurable"].items() if _is_public(key)}}


def _is_public(key: str) -> bool:
    return key in _SHOWN_KEYS or (key not in INJECTED_KEYS and not key.startswith("__"))


def _reference(config: dict[str, Any] | None) -> dict[str, Any] | None:
    if config is None:
        return None
    keys = ("checkpoint_id", "thread_id", "checkpoint_ns")
    return {key: config["configurable"][key] for key in keys if key in config["configurable"]}
