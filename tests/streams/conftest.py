"""The backends of the stream contracts: a new one is added here, and every test of this folder runs on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from kit.leaks import nothing_leaks
from kit.redis_server import RedisPlace, redis_place
from kit.waiting import let_others_run
from runline.kit.tasks import TaskSet
from runline.streams.contracts import Bell, StreamBridge, ThreadBells
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge
from runline.streams.thread_bells import MemoryThreadBells
from streams.nodes import Elsewhere, Node, make_node, open_node

MakeBridge = Callable[..., StreamBridge]


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield


@pytest.fixture
def place(redis_uri: str) -> Iterator[RedisPlace]:
    """A part of Redis for one test."""
    with redis_place(redis_uri) as place:
        yield place


@pytest.fixture(params=["memory", "redis"])
async def make_bridge(request: pytest.FixtureRequest) -> AsyncIterator[MakeBridge]:
    """Make a bridge with these limits (KeepLimits); without any it keeps all that a test publishes."""
    if request.param == "memory":
        yield lambda **limits: MemoryStreamBridge(KeepLimits(**limits))
        return
    place = request.getfixturevalue("place")
    async with AsyncExitStack() as closing, TaskSet() as tasks:

        def make(**limits: Any) -> StreamBridge:
            nodes = [make_node(place, closing, tasks, KeepLimits(**limits)).bridge for _ in range(2)]
            return Elsewhere(*nodes) if request.param == "elsewhere" else nodes[0]

        yield make
        # tasks that never had a turn cannot be cancelled without a warning
        await let_others_run(1)


@pytest.fixture
async def bridge(make_bridge: MakeBridge) -> StreamBridge:
    return make_bridge()


@pytest.fixture
async def node(place: RedisPlace) -> AsyncIterator[Node]:
    async with open_node(place) as node:
        yield node


@pytest.fixture(params=["memory", "redis"])
async def bell(request: pytest.FixtureRequest) -> AsyncIterator[Bell]:
    if request.param == "memory":
        yield MemoryBell()
        return
    async with open_node(request.getfixturevalue("place")) as node:
        # once it hears others, it rings for what it may have missed
        await node.transport.bell.wait(10)
        yield node.transport.bell


@pytest.fixture(params=["memory", "redis"])
async def bells(request: pytest.FixtureRequest) -> AsyncIterator[ThreadBells]:
    if request.param == "memory":
        yield MemoryThreadBells()
        return
    async with open_node(request.getfixturevalue("place")) as node:
        yield node.transport.thread_bells
