"""No key stays in Redis for ever, wherever a process dies, and whatever Redis loses meanwhile.

What a node says to Redis is heard on the wire, and said again by processes that die between any two commands.
"""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from itertools import combinations

import pytest

from kit.proxy import Proxy, standing_before
from kit.redis_server import RedisPlace, RedisServer
from kit.waiting import wait_until
from streams.nodes import Node, open_node
from streams.reading import RESULT, publish

_COMMAND = re.compile(rb"(?=\*\d+\r\n\$)")
_SECONDS = 30.0


@pytest.fixture
async def wire(own_redis: RedisServer) -> AsyncIterator[Proxy]:
    async with standing_before(own_redis.port) as proxy:
        proxy.listening = True
        yield proxy


async def tell_everything(node: Node) -> None:
    """All that makes keys: a stream from its beginning to its end, a stream that stays open, a note, a mirror."""
    node.redis.notes.write("one", b"a note")
    node.bridge.open("one")
    publish(node.bridge, "one", range(1, 4))
    node.bridge.open("two")
    await node.bridge.reach("three", 1)
    await node.sent()
    publish(node.bridge, "one", range(4, 7))
    publish(node.bridge, "two", [1])
    node.bridge.close("one", RESULT)
    await node.sent()


def commands_of(said: bytearray) -> list[bytes]:
    return [command for command in _COMMAND.split(bytes(said)) if command]


def say(server: RedisServer, commands: list[bytes]) -> None:
    """As a process that dies behind the last of them; returns when Redis has carried them out."""
    with socket.create_connection(("127.0.0.1", server.port), _SECONDS) as connection:
        connection.sendall(b"".join(commands))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


async def test_a_key_has_an_end_from_the_first_on_whenever_its_writer_dies_or_redis_has_lost_what_was_before(
    own_redis: RedisServer, wire: Proxy
) -> None:
    place = RedisPlace(own_redis.uri)
    async with open_node(RedisPlace(f"redis://127.0.0.1:{wire.port}/0", place.prefix)) as node:
        await tell_everything(node)
        await wait_until(lambda: len(place.everything()) == 4)
    made: set[bytes] = set()
    for said in wire.said:
        commands = commands_of(said)
        for first, last in combinations(range(len(commands) + 1), 2):
            place.forget()
            say(own_redis, commands[first:last])
            made.update(place.everything())
            assert place.immortal_keys() == [], commands[first:last]
    assert len(made) == 4
