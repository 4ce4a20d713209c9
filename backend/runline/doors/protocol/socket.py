"""The protocol over a WebSocket: the same commands, and subscriptions to the thread's events.

Each subscription is a reader of its own: an event that two of them ask for is sent twice, with the same id, by which
clients tell. What is replayed to a subscription comes before the reply to its command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from runline.doors.cors import Origins
from runline.doors.http import Call, CallDep, parse_json
from runline.doors.ids import parsed_id
from runline.doors.protocol.commands import Handler, Params, reply
from runline.doors.protocol.reader import Reader
from runline.doors.protocol.schemas import ReconnectBody, SubscribeBody, UnsubscribeBody, read
from runline.doors.protocol.subscription import ShutDown, Subscription
from runline.doors.protocol.waiters import waits_for_its_run
from runline.doors.protocol.words import NoSuchSubscription, malformed_to_wire
from runline.errors import BadRequest, Invalid
from runline.kit.ids import new_id
from runline.kit.json import JSONDecodeError, dumps

routes = APIRouter()

_RESTARTS = 1012
"""The close code for "come again", which the SDKs do."""

_NO_THREAD = 4422
_MOST_SUBSCRIPTIONS = 100


@routes.websocket("/threads/{thread_id}/stream/events")
async def talk(socket: WebSocket, thread_id: str, call: CallDep) -> None:
    """Take commands, and send events, until either side leaves."""
    origins: Origins = socket.app.state.origins
    if not origins.allow(socket.headers):
        # it is not accepted yet: the handshake is refused with 403
        await socket.close()
        return
    await socket.accept()
    try:
        parsed = parsed_id("thread", thread_id)
    except Invalid as exc:
        await socket.close(_NO_THREAD, str(exc))
        return
    with suppress(RuntimeError, WebSocketDisconnect):
        await _Connection(socket, parsed, call).serve()


class _Left(Exception):
    """The client is gone, or takes nothing any more."""


class _Connection:
    """One client's socket and its subscriptions."""

    def __init__(self, socket: WebSocket, thread_id: str, call: Call) -> None:
        self._socket = socket
        self._thread_id = thread_id
        self._call = call
        self._turn = asyncio.Lock()
        self._tasks = asyncio.TaskGroup()
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._commands: Mapping[str, Handler] = {
            "subscription.subscribe": self._subscribe,
            "subscription.unsubscribe": self._unsubscribe,
            "subscription.reconnect": self._reconnect,
        }

    async def serve(self) -> None:
        """Until the client leaves, takes nothing any more, or this process shuts down."""
        try:
            async with self._tasks:
                self._tasks.create_task(self._listen())
        except* _Left:
            pass
        except* ShutDown:
            await self._socket.close(_RESTARTS)

    async def _listen(self) -> None:
        while (message := await self._socket.receive())["type"] == "websocket.receive":
            # text or not, it is JSON
            sent: str | bytes = message.get("text") or message.get("bytes") or b""
            answer = await self._reply(sent.encode() if isinstance(sent, str) else sent)
            await self._send(dumps(answer).decode())
        raise _Left

    async def _reply(self, body: bytes) -> dict[str, Any]:
        try:
            sent = parse_json(body, self._call.wire.max_nesting)
        except JSONDecodeError:
            return malformed_to_wire(None, BadRequest("Invalid JSON"))
        except Invalid as exc:
            return malformed_to_wire(None, exc)
        return (await reply(self._call, self._thread_id, sent, self._commands))[0]

    async def _send(self, message: str) -> None:
        try:
            async with self._turn, asyncio.timeout(self._call.wire.send_timeout_seconds):
                await self._socket.send_text(message)
        except (WebSocketDisconnect, RuntimeError, TimeoutError) as exc:
            raise _Left from exc

    async def _subscribe(self, _call: Call, _thread_id: str, params: Params) -> dict[str, Any]:
        return await self._begin(new_id(), read(SubscribeBody, params))

    async def _reconnect(self, _call: Call, _thread_id: str, params: Params) -> dict[str, Any]:
        body = read(ReconnectBody, params)
        self._end(body.subscription_id)
        return await self._begin(body.subscription_id, body)

    async def _unsubscribe(self, _call: Call, _thread_id: str, params: Params) -> dict[str, Any]:
        body = read(UnsubscribeBody, params)
        if not self._end(body.subscription_id):
            raise NoSuchSubscription(body.subscription_id)
        return {}

    async def _begin(self, subscription_id: str, body: SubscribeBody) -> dict[str, Any]:
        if len(self._subscriptions) >= _MOST_SUBSCRIPTIONS:
            raise BadRequest(f"A connection has {_MOST_SUBSCRIPTIONS} subscriptions at most")
        waits = waits_for_its_run(self._socket.headers.get("user-agent", ""), body)
        reader = Reader(self._call, self._thread_id, body.since, self._socket.app.state.agent_events, waits=waits)
        subscription = Subscription(reader, body.filter, self._send)
        self._subscriptions[subscription_id] = self._tasks.create_task(subscription.run())
        await subscription.replayed.wait()
        return {"subscription_id": subscription_id, "replayed_events": subscription.count}

    def _end(self, subscription_id: str) -> bool:
        task = self._subscriptions.pop(subscription_id, None)
        return task is not None and task.cancel()
