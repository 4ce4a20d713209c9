"""Nodes: transports over one Redis, each as a process of its own would have it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from kit.redis_server import RedisPlace
from kit.waiting import wait_until
from runline.kit.tasks import TaskSet
from runline.streams.contracts import Batch
from runline.streams.memory import KeepLimits
from runline.streams.redis_bridge import RedisStreamBridge
from runline.streams.redis_options import RedisOptions
from runline.streams.redis_side import RedisSide, redis_transport
from runline.streams.transport import Transport

_LIMITS = KeepLimits()
_PATIENCE = {"timeout_seconds": 10.0}
"""On a busy machine Redis takes its time, and is not away."""


@dataclass(frozen=True)
class Node:
    transport: Transport
    bridge: RedisStreamBridge
    redis: RedisSide

    async def sent(self) -> None:
        """Wait until Redis has all that was written here."""
        await wait_until(lambda: self.redis.writer.idle)


def make_node(
    place: RedisPlace, closing: AsyncExitStack, tasks: TaskSet, limits: KeepLimits = _LIMITS, **options: Any
) -> Node:
    """A node whose connections are closed with `closing`, after its `tasks` have ended."""
    asked = {**_PATIENCE, "retention_seconds": limits.retention_seconds, **options}
    transport, side = redis_transport(limits, RedisOptions(place.uri, place.prefix, **asked))
    closing.push_async_callback(side.close)
    for name, step in transport.loops.items():
        tasks.supervise(name, step)
    return Node(transport, side.bridge, side)


@asynccontextmanager
async def open_node(place: RedisPlace, limits: KeepLimits = _LIMITS, **options: Any) -> AsyncIterator[Node]:
    """A node that hears already; leaving it is as if its process was killed."""
    async with AsyncExitStack() as closing, TaskSet() as tasks:
        node = make_node(place, closing, tasks, limits, **options)
        await wait_until(lambda: node.redis.rings.connected and node.redis.rings.hears("crons"))
        yield node


class Elsewhere:
    """A stream bridge whose writer is one node and whose readers are another."""

    def __init__(self, here: RedisStreamBridge, there: RedisStreamBridge) -> None:
        self._here = here
        self._there = there

    def __getattr__(self, name: str) -> Any:
        return getattr(self._here, name)

    async def read(self, run_id: str, after: int) -> AsyncIterator[Batch]:
        assert await self._there.reach(run_id, 0)
        async for batch in self._there.read(run_id, after):
            yield batch
