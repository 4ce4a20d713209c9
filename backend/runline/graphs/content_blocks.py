"""Messages as content-block events, the form in which the agent streaming protocol tells them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage

_ROLES = {"ai": "ai", "AIMessageChunk": "ai", "human": "human", "system": "system"}


def events_of_message(message: BaseMessage) -> list[dict[str, Any]]:
    """A whole message: its start, a start and a finish of each block, its finish. None of a tool's result."""
    role = _ROLES.get(message.type)
    if role is None:
        return []
    started = {"event": "message-start", "role": role, "id": message.id}
    blocks = [event for index, block in enumerate(_blocks(message)) for event in _block(index, block)]
    return [{**event, "message_id": message.id} for event in (started, *blocks, _finish(message))]


def _block(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    empty = {"type": "text", "text": ""} if block["type"] == "text" else block
    yield {"event": "content-block-start", "index": index, "content": empty}
    if block["type"] == "text":
        delta = {"type": "text-delta", "text": block["text"]}
        yield {"event": "content-block-delta", "index": index, "delta": delta}
    yield {"event": "content-block-finish", "index": index, "content": block}


def _blocks(message: BaseMessage) -> list[dict[str, Any]]:
    return [dict(block) for block in message.content_blocks]


def _finish(message: BaseMessage) -> dict[str, Any]:
    usage = message.usage_metadata if isinstance(message, AIMessage) else None
    return {"event": "message-finish", **({"usage": dict(usage)} if usage else {})}
