"""A conversation over a WebSocket as a document: {"replies", "events", "marks"}, the events as in `answers.py`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from conformance.answers import Document, agent_events, is_agent_event, kind_of

_SECONDS = 20.0


async def talked(base_url: str, path: str, commands: Sequence[str], until: str) -> Document:
    """Send each command when the last was answered, and listen on for an event of the kind `until`."""
    replies: list[Any] = []
    events: list[Any] = []
    async with (
        asyncio.timeout(_SECONDS),
        connect(f"{base_url.rstrip('/').replace('http', 'ws', 1)}{path}") as socket,
    ):
        for command in commands:
            await socket.send(command)
            replies.append(await _reply(socket, events))
        while until and not any(kind_of(event) == until for event in events):
            events.append(json.loads(await socket.recv()))
    return {"replies": replies, **agent_events(events)}


async def _reply(socket: ClientConnection, events: list[Any]) -> Any:
    """The next message that is no event."""
    while is_agent_event(message := json.loads(await socket.recv())):
        events.append(message)
    return message
