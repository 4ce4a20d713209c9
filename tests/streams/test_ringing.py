"""Bells over Redis: what rings on one node is heard on the others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from kit.redis_server import RedisPlace
from kit.waiting import let_others_run, wait_until
from runline.model.lifecycle import StopReason
from streams.nodes import Node, open_node

LONG = 30.0
SOON = 20.0
THREAD = "thread"


@pytest.fixture
async def other(place: RedisPlace) -> AsyncIterator[Node]:
    async with open_node(place) as node:
        yield node


async def test_a_ring_wakes_the_workers_of_all_nodes(node: Node, other: Node) -> None:
    for one in (node, other):
        await one.transport.bell.wait(10)
    waiting = [asyncio.create_task(one.transport.bell.wait(LONG)) for one in (node, other)]
    await let_others_run()
    node.transport.bell.ring()
    async with asyncio.timeout(SOON):
        await asyncio.gather(*waiting)


async def test_whoever_follows_a_thread_hears_of_it_from_all_nodes(node: Node, other: Node) -> None:
    turns = node.transport.thread_bells.listen(THREAD, LONG)
    async with asyncio.timeout(SOON), aclosing(turns):  # type: ignore[type-var]
        await anext(turns)
        for _ in range(3):
            other.transport.thread_bells.ring(THREAD)
            await anext(turns)


async def test_only_threads_that_are_listened_to_are_heard_of(place: RedisPlace, node: Node) -> None:
    channels = place.channels()
    turns = [node.transport.thread_bells.listen(THREAD, LONG) for _ in range(3)]
    for listener in turns:
        await anext(listener)
    assert len(place.channels()) == len(channels) + 1
    for listener in turns:
        await listener.aclose()  # type: ignore[attr-defined]
    await wait_until(lambda: place.channels() == channels)


async def test_a_stop_reaches_the_other_nodes_and_not_its_own(node: Node, other: Node) -> None:
    heard: list[tuple[str, str, StopReason]] = []
    node.transport.stop_bell.answer(lambda run_id, reason: heard.append(("node", run_id, reason)))
    other.transport.stop_bell.answer(lambda run_id, reason: heard.append(("other", run_id, reason)))
    await wait_until(lambda: other.redis.rings.hears("stop") and node.redis.rings.hears("stop"))
    node.transport.stop_bell.ring("run", StopReason.ROLLBACK)
    node.transport.stop_bell.ring("run", StopReason.DELETE)
    await wait_until(lambda: len(heard) == 2)
    assert heard == [("other", "run", StopReason.ROLLBACK), ("other", "run", StopReason.DELETE)]


async def test_thousands_of_threads_are_listened_to_over_one_connection(place: RedisPlace, node: Node) -> None:
    turns = [node.transport.thread_bells.listen(f"thread {number}", LONG) for number in range(2000)]
    async with asyncio.timeout(SOON):
        await asyncio.gather(*(anext(listener) for listener in turns))
    assert len(place.channels()) > 2000
    for listener in turns:
        await listener.aclose()  # type: ignore[attr-defined]
    await wait_until(lambda: len(place.channels()) < 10)
