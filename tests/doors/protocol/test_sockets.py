"""The protocol over WebSockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from doors.protocol.talk import ALL, Talk, Window, phases
from gateway import Gateway
from runline.kit.ids import new_id


@dataclass
class Socket:
    """A connection: commands with their replies, and a window on the events between them."""

    connection: ClientConnection
    window: Window = field(default_factory=Window)
    replies: dict[int | None, Any] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    async def listen(self) -> None:
        async for text in self.connection:
            message = json.loads(text)
            if message["type"] == "event":
                self.window.events.append(message)
            else:
                self.replies[message["id"]] = {**message, "events before": len(self.window.events)}

    async def send(self, method: str, **params: Any) -> Any:
        number = next(self.numbers)
        await self.connection.send(json.dumps({"id": number, "method": method, "params": params}))
        return await self.reply(number)

    async def reply(self, number: int | None) -> Any:
        await self.window.until(lambda _: number in self.replies)
        return self.replies.pop(number)

    async def subscribe(self, *channels: str, **wanted: Any) -> Any:
        reply = await self.send("subscription.subscribe", channels=channels or ALL, **wanted)
        assert reply["type"] == "success", reply
        return reply["result"]


def address(gateway: Gateway, thread_id: str) -> str:
    return f"{gateway.url.replace('http', 'ws', 1)}/threads/{thread_id}/stream/events"


@asynccontextmanager
async def connected(gateway: Gateway, thread_id: str | None = None) -> AsyncIterator[Socket]:
    async with connect(address(gateway, thread_id or new_id())) as connection:
        socket = Socket(connection)
        listening = asyncio.create_task(socket.listen())
        try:
            yield socket
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def test_commands_and_events_share_a_connection(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        subscribed = await socket.subscribe()
        assert subscribed["replayed_events"] == 0
        started = await socket.send("run.start", assistant_id="steps", input={"log": []})
        events = await socket.window.ends()
        assert phases(events) == ["running", "completed"]
        assert events[0]["event_id"] == f"synth:{started['result']['run_id']}:lc||running"
        assert (await socket.send("state.get"))["result"]["values"] == {"log": ["one", "two", "three"]}


async def test_messages_are_not_compressed_each_for_itself(gateway: Gateway) -> None:
    """That would take more memory than all else of a connection, and pack the same event for each of its readers."""
    async with connected(gateway) as socket:
        assert socket.connection.protocol.extensions == []


async def test_events_are_the_same_as_over_http(gateway: Gateway, talk: Talk) -> None:
    _, events = await talk.run("asks")
    async with connected(gateway, talk.thread_id) as socket:
        await socket.subscribe()
        assert socket.window.events == events


async def test_what_is_replayed_comes_before_the_reply(gateway: Gateway, talk: Talk) -> None:
    _, events = await talk.run()
    async with connected(gateway, talk.thread_id) as socket:
        reply = await socket.send("subscription.subscribe", channels=ALL)
        assert reply["result"]["replayed_events"] == reply["events before"] == len(events)
        behind = await socket.send("subscription.subscribe", channels=ALL, since=events[-1]["seq"])
        assert behind["result"]["replayed_events"] == 0


async def test_a_subscription_that_is_ended_sends_no_more(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        lifecycle = await socket.subscribe("lifecycle")
        values = await socket.subscribe("values")
        assert lifecycle["subscription_id"] != values["subscription_id"]
        ended = await socket.send("subscription.unsubscribe", subscription_id=values["subscription_id"])
        assert ended["result"] == {}
        await socket.send("run.start", assistant_id="steps", input={})
        assert {event["method"] for event in await socket.window.ends()} == {"lifecycle"}
        again = await socket.send("subscription.unsubscribe", subscription_id=values["subscription_id"])
        assert again["error"] == "no_such_subscription"


async def test_a_subscription_goes_on_behind_an_event_on_a_new_connection(gateway: Gateway, talk: Talk) -> None:
    _, events = await talk.run()
    place = len(events) // 2
    wanted = {"channels": ALL, "since": events[place]["seq"], "subscription_id": "mine"}
    async with connected(gateway, talk.thread_id) as socket:
        reply = await socket.send("subscription.reconnect", **wanted)
        assert reply["result"]["subscription_id"] == "mine"
        assert socket.window.events == events[place + 1 :]
        await socket.send("run.start", assistant_id="steps", input={})
        assert phases(await socket.window.ends(2)) == ["completed", "running", "completed"]


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("subscription.subscribe", {}, "invalid_argument"),
        ("subscription.subscribe", {"channels": ["nope"]}, "invalid_argument"),
        ("subscription.reconnect", {"channels": ["values"], "subscription_id": "x"}, "invalid_argument"),
        ("subscription.unsubscribe", {}, "invalid_argument"),
        ("subscription.invent", {}, "not_supported"),
        ("nope", {}, "unknown_command"),
    ],
)
async def test_what_cannot_be_carried_out_is_refused(
    gateway: Gateway, method: str, params: dict[str, Any], code: str
) -> None:
    async with connected(gateway) as socket:
        assert (await socket.send(method, **params))["error"] == code


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"method": "run.start"}', "[" * 500 + "]" * 500])
async def test_what_is_no_command_is_refused_and_the_connection_goes_on(gateway: Gateway, text: str) -> None:
    async with connected(gateway) as socket:
        await socket.connection.send(text)
        assert (await socket.reply(None))["error"] == "invalid_argument"
        assert (await socket.send("nope"))["error"] == "unknown_command"


async def test_a_frame_that_is_too_large_ends_the_connection(gateway: Gateway) -> None:
    async with connect(address(gateway, new_id())) as connection:
        await connection.send("x" * 300_000)
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009


async def test_what_can_be_no_thread_is_refused_with_the_code_that_clients_know(gateway: Gateway) -> None:
    async with connect(address(gateway, "mine")) as connection:
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4422


async def test_pages_of_other_sites_may_not_connect_unless_they_may_call(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway(RUNLINE_SERVER__CORS_ORIGINS='["http://friend.test"]')
    url = address(gateway, new_id())
    with pytest.raises(InvalidStatus):
        await connect(url, origin=Origin("http://stranger.test"))
    for origin in ("http://friend.test", gateway.url):
        async with connect(url, origin=Origin(origin)) as connection:
            await connection.send("{}")
            assert json.loads(await connection.recv())["error"] == "invalid_argument"


async def test_a_gateway_that_stops_tells_clients_to_come_again(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    async with connect(address(gateway, new_id())) as connection:
        await connection.send(json.dumps({"id": 1, "method": "subscription.subscribe", "params": {"channels": ALL}}))
        await connection.recv()
        gateway.ask_to_stop()
        with pytest.raises(ConnectionClosedError) as closed:
            await connection.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1012
    gateway.until_stopped()
    gateway.start()


async def test_commands_may_come_in_binary_frames(gateway: Gateway) -> None:
    async with connected(gateway) as socket:
        await socket.connection.send(json.dumps({"id": 7, "method": "nope"}).encode())
        assert (await socket.reply(7))["error"] == "unknown_command"
        await socket.connection.send(b"\xff\xfe")
        assert (await socket.reply(None))["error"] == "invalid_argument"
