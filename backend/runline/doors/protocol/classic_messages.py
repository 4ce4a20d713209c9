"""Messages of classic runs as content blocks: chunks, messages that grow, and whole ones."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from langchain_core.messages import BaseMessage, convert_to_messages

from runline.graphs.content_blocks import events_of_message
from runline.kit.json import JSONDecodeError, loads

_CHUNK = "AIMessageChunk"

Data = dict[str, Any]


class MessageBlocks:
    """The messages of one namespace, from the chunks that a classic run tells."""

    def __init__(self) -> None:
        self._open: dict[str, _Message] = {}
        self._known: set[str] = set()

    def chunk(self, message: Data) -> Iterator[Data]:
        """What a chunk adds, or a whole message that was not told in chunks."""
        key = message.get("id") or ""
        if message.get("type") != _CHUNK:
            yield from self.whole(message)
            return
        growing = yield from self._message(key)
        yield from growing.add(message)
        if message.get("chunk_position") == "last":
            yield from self._open.pop(key).finish()

    def grown(self, message: Data) -> Iterator[Data]:
        """What a message has grown by since it was told last."""
        growing = yield from self._message(message.get("id") or "")
        yield from growing.grow_to(message)

    def whole(self, message: Data) -> Iterator[Data]:
        """A message at once, unless it is known."""
        key = message.get("id") or ""
        if key not in self._known:
            self._known.add(key)
            for made in _read(message):
                yield from events_of_message(made)

    def flush(self) -> Iterator[Data]:
        """The ends of all that are open: their step is over."""
        for message in self._open.values():
            yield from message.finish()
        self._open.clear()

    def _message(self, key: str) -> Generator[Data, None, _Message]:
        if key not in self._open:
            self._known.add(key)
            self._open[key] = _Message()
            yield {"event": "message-start", "role": "ai", "id": key}
        return self._open[key]


class _Message:
    """A message that is being told: its blocks in order, each as it is when it is complete."""

    def __init__(self) -> None:
        self._blocks: list[Data] = []
        self._tools: dict[Any, int] = {}
        self._usage: Data | None = None

    def add(self, chunk: Data) -> Iterator[Data]:
        """What a chunk adds."""
        for kind, text in _texts(chunk.get("content")):
            yield from self._text(kind, text)
        for call in chunk.get("tool_call_chunks") or ():
            yield from self._tool(call)
        self._usage = chunk.get("usage_metadata") or self._usage

    def grow_to(self, message: Data) -> Iterator[Data]:
        """What a message has that is known from its beginning to some place."""
        told = sum(len(block["text"]) for block in self._blocks if block["type"] == "text")
        text = "".join(text for kind, text in _texts(message.get("content")) if kind == "text")
        if text[told:]:
            yield from self._text("text", text[told:])
        self._usage = message.get("usage_metadata") or self._usage

    def finish(self) -> Iterator[Data]:
        """The end of each block, and of the message."""
        for index, block in enumerate(self._blocks):
            yield {"event": "content-block-finish", "index": index, "content": _finished(block)}
        yield {"event": "message-finish", **({"usage": self._usage} if self._usage else {})}

    def _text(self, kind: str, text: str) -> Iterator[Data]:
        if not self._blocks or self._blocks[-1]["type"] != kind:
            yield self._start({"type": kind, kind: ""})
        self._blocks[-1][kind] += text
        yield self._delta(len(self._blocks) - 1, {"type": f"{kind}-delta", kind: text})

    def _tool(self, call: Data) -> Iterator[Data]:
        index = self._tools.get(call.get("index"))
        if index is None or call.get("id"):
            fields = {name: call.get(name) for name in ("id", "name", "index")}
            yield self._start({"type": "tool_call_chunk", **fields, "args": ""})
            index = self._tools[call.get("index")] = len(self._blocks) - 1
        if args := call.get("args"):
            self._blocks[index]["args"] += args
            yield self._delta(index, {"type": "tool-call-delta", "args": args})

    def _start(self, block: Data) -> Data:
        self._blocks.append(dict(block))
        return {"event": "content-block-start", "index": len(self._blocks) - 1, "content": block}

    def _delta(self, index: int, delta: Data) -> Data:
        return {"event": "content-block-delta", "index": index, "delta": delta}


def _texts(content: Any) -> Iterator[tuple[str, str]]:
    """The texts of a message's content, and the thoughts."""
    for block in [{"type": "text", "text": content}] if isinstance(content, str) else content or ():
        kind = block.get("type") if isinstance(block, dict) else None
        if kind in ("text", "reasoning") and block.get(kind):
            yield kind, block[kind]


def _finished(block: Data) -> Data:
    if block["type"] != "tool_call_chunk":
        return block
    call = {"id": block["id"], "name": block["name"]}
    try:
        return {"type": "tool_call", **call, "args": loads(block["args"] or "{}")}
    except JSONDecodeError:
        return {"type": "invalid_tool_call", **call, "args": block["args"], "error": "Its arguments are no JSON"}


def _read(message: Data) -> list[BaseMessage]:
    try:
        return convert_to_messages([{**message, "role": message["type"]}])
    except (NotImplementedError, ValueError, TypeError, KeyError):
        return []
