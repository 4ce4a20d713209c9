"""Runs of the agent streaming protocol in the words of stream modes: see docs/protocol.md for what each becomes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from runline.kit.json import dumps, loads
from runline.model.event import Event
from runline.model.run import Run, StreamProtocol
from runline.streams.contracts import Batch, Ended

Params = dict[str, Any]

_UNCHANGED = frozenset({"metadata", "error"})


def in_stream_modes(run: Run, batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    """The events of a run, whatever protocol it tells them in."""
    return batches if run.spec.protocol is StreamProtocol.CLASSIC else _translated(run, batches)


async def _translated(run: Run, batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    words = StreamModes()
    async for batch in batches:
        yield batch if isinstance(batch, Ended) else words.of(run, batch)


class StreamModes:
    """A translation that goes through runs one after the other. Interrupts are told with the values behind them."""

    def __init__(self) -> None:
        self._run_id = ""
        self._asked: list[Params] = []
        self._not_ours: set[str] = set()
        self._translate: dict[str, Callable[[Params], Any]] = {
            "values": self._values,
            "updates": lambda params: {params["data"]["node"]: params["data"]["values"]},
            "custom": lambda params: params["data"]["payload"],
            "tasks": lambda params: params["data"],
            "messages": self._chunk,
        }

    def of(self, run: Run, events: Sequence[Event]) -> Sequence[Event]:
        """The run's next events; those that stream modes have no word for are left out."""
        if run.spec.protocol is StreamProtocol.CLASSIC:
            return events
        if run.run_id != self._run_id:
            self._run_id, self._asked, self._not_ours = run.run_id, [], set()
        return list(self._told(events))

    def _told(self, events: Iterable[Event]) -> Iterable[Event]:
        for event in events:
            kind, *namespace = event.name.split("|")
            if kind in _UNCHANGED:
                yield event
            elif kind == "input.requested":
                self._ask(loads(event.data))
            elif translate := self._translate.get(kind):
                data = translate(loads(event.data))
                if data is not None:
                    yield Event(event.seq, "|".join((kind, *namespace)), dumps(data))

    def _ask(self, params: Params) -> None:
        data = params["data"]
        self._asked.append({"namespace": params["namespace"], "value": data["value"], "id": data["interrupt_id"]})

    def _values(self, params: Params) -> Any:
        """With what is asked there, or at the root with all that is asked."""
        values, place = params["data"], params["namespace"]
        asked = [each for each in self._asked if not place or each["namespace"] == place]
        if not asked or not isinstance(values, dict):
            return values
        return {**values, "__interrupt__": [{"value": each["value"], "id": each["id"]} for each in asked]}

    def _chunk(self, params: Params) -> list[Params] | None:
        """[chunk, metadata], as of `messages-tuple`; of what models say, and not of what nodes say for others."""
        data = params["data"]
        key = data["message_id"]
        if data["event"] == "message-start" and data["role"] != "ai":
            self._not_ours.add(key)
        parts = _parts(data)
        if parts is None or key in self._not_ours:
            return None
        return [{"type": "AIMessageChunk", "id": key, "content": "", **parts}, {"langgraph_node": params.get("node")}]


def _parts(data: Params) -> Params | None:
    """What an event adds to a message; None for those that add nothing."""
    match data:
        case {"event": "content-block-delta", "delta": {"type": "text-delta", "text": text}}:
            return {"content": text}
        case {"event": "content-block-delta", "delta": {"type": "reasoning-delta", "reasoning": text}}:
            return {"content": [{"type": "reasoning", "reasoning": text, "index": data["index"]}]}
        case {"event": "content-block-start", "content": {"type": "tool_call_chunk" | "tool_call"} as block}:
            return {"tool_call_chunks": [_call(data, name=block["name"], id=block["id"])]}
        case {"event": "content-block-delta", "delta": {"type": "tool-call-delta", "args": args}}:
            return {"tool_call_chunks": [_call(data, args=args)]}
        case {"event": "message-finish"}:
            usage = {"usage_metadata": data["usage"]} if data.get("usage") else {}
            return {**usage, "chunk_position": "last"}
    return None


def _call(data: Params, **known: Any) -> Params:
    empty = {"name": None, "args": "", "id": None}
    return {**empty, **known, "index": data["index"], "type": "tool_call_chunk"}
