"""Redis that is killed, frozen or emptied: writers never wait for it, and readers elsewhere go on or are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.redis_server import RedisPlace, RedisServer
from kit.waiting import wait_until
from runline.streams.contracts import Ended
from streams.nodes import Node, open_node
from streams.reading import RESULT, publish, read, start_reading

RUN = "run"
LONG = 60.0
QUICK = 0.3


@pytest.fixture
def own_place(own_redis: RedisServer) -> RedisPlace:
    return RedisPlace(own_redis.uri)


@pytest.fixture
async def node(own_place: RedisPlace) -> AsyncIterator[Node]:
    async with open_node(own_place, timeout_seconds=QUICK) as node:
        yield node


@pytest.fixture
async def other(own_place: RedisPlace) -> AsyncIterator[Node]:
    async with open_node(own_place, timeout_seconds=QUICK) as node:
        yield node


async def away(*nodes: Node) -> None:
    await wait_until(lambda: not any(node.redis.link.up for node in nodes))


async def back(*nodes: Node) -> None:
    await wait_until(lambda: all(node.redis.link.up and node.redis.rings.connected for node in nodes))


async def found(node: Node) -> bool:
    """Whether the node finds a run that has ended. Redis may be slow to answer, and nothing be found in time."""
    async with asyncio.timeout(30):
        while not await node.bridge.reach(RUN, None):
            pass
    return True


async def noted(node: Node, run_id: str) -> bytes:
    """The first note that the node finds, if not in time, then later."""
    async with asyncio.timeout(30):
        while (note := await node.redis.notes.find(run_id)) is None:
            pass
    return note


async def test_what_is_written_during_an_outage_reaches_readers_elsewhere_after_it(
    own_redis: RedisServer, node: Node, other: Node
) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, [1])
    await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    await reading.reach(1)
    own_redis.kill()
    publish(node.bridge, RUN, range(2, 2001))
    await away(node, other)
    publish(node.bridge, RUN, range(2001, 3001))
    assert (await read_so_far(node)) == 3000
    own_redis.start()
    await back(node, other)
    node.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == (list(range(1, 3001)), Ended(RESULT))


async def read_so_far(node: Node) -> int:
    reading, task = start_reading(node.bridge, RUN)
    await reading.reach(node.bridge.last_seq(RUN))
    task.cancel()
    await asyncio.wait([task])
    return len(reading.seqs)


@pytest.mark.parametrize("cut", range(5))
async def test_a_frozen_redis_holds_nobody_up_and_repeats_nothing(
    own_redis: RedisServer, node: Node, other: Node, cut: int
) -> None:
    """The answer to what was sent last is lost, so that it is sent again."""
    node.bridge.open(RUN)
    await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    publish(node.bridge, RUN, range(1, 101))
    for _ in range(cut):
        await asyncio.sleep(0)
    own_redis.freeze()
    publish(node.bridge, RUN, range(101, 1001))
    assert await read_so_far(node) == 1000
    await away(node)
    own_redis.thaw()
    await back(node)
    publish(node.bridge, RUN, range(1001, 1101))
    node.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == (list(range(1, 1101)), Ended(RESULT))


async def test_while_redis_is_frozen_what_has_ended_is_soon_said_to_be_nowhere(
    own_redis: RedisServer, node: Node
) -> None:
    own_redis.freeze()
    try:
        async with asyncio.timeout(10):
            assert not await node.bridge.reach(RUN, None)
    finally:
        own_redis.thaw()


async def test_more_than_may_wait_is_dropped_oldest_first_and_readers_are_told(
    own_redis: RedisServer, own_place: RedisPlace, other: Node
) -> None:
    async with open_node(own_place, timeout_seconds=QUICK, max_unsent_bytes=100_000) as node:
        node.bridge.open(RUN)
        publish(node.bridge, RUN, [1])
        await node.sent()
        await other.bridge.reach(RUN, 0)
        reading, task = start_reading(other.bridge, RUN)
        await reading.reach(1)
        own_redis.kill()
        await away(node)
        publish(node.bridge, RUN, range(2, 1001), size=1000)
        own_redis.start()
        await back(node, other)
        node.bridge.close(RUN, RESULT)
        await node.sent()
    await task
    assert (reading.seqs, reading.gone) == ([1], True)
    late = await read(other.bridge, RUN, after=950)
    assert (late.seqs, late.ended) == (list(range(951, 1001)), Ended(RESULT))


async def test_a_redis_that_lost_everything_goes_on_with_what_comes(
    own_place: RedisPlace, node: Node, other: Node
) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, range(1, 101))
    await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    await reading.reach(100)
    await node.sent()
    own_place.forget()
    publish(node.bridge, RUN, range(101, 201))
    await node.sent()
    async with open_node(own_place) as third:
        await third.bridge.reach(RUN, 0)
        late, late_task = start_reading(third.bridge, RUN)
        await late_task
        assert late.gone
        node.bridge.close(RUN, RESULT)
        assert (await read(third.bridge, RUN, after=100)).seqs == list(range(101, 201))
    await task
    assert (reading.seqs, reading.ended) == (list(range(1, 201)), Ended(RESULT))
    assert own_place.immortal_keys() == []


async def test_events_that_were_lost_before_the_end_are_said_to_be_gone(
    own_place: RedisPlace, node: Node, other: Node
) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, range(1, 101))
    await node.sent()
    own_place.forget()
    node.bridge.close(RUN, RESULT)
    await node.sent()
    assert await found(other)
    assert (await read(other.bridge, RUN, after=99)).gone
    late = await read(other.bridge, RUN, after=100)
    assert (late.seqs, late.ended) == ([], Ended(RESULT))


async def test_an_answer_that_comes_too_late_is_not_taken_for_that_to_the_next_question(
    own_redis: RedisServer, node: Node, other: Node
) -> None:
    for run_id in ("one", "two"):
        node.redis.notes.write(run_id, run_id.encode())
    await node.sent()
    assert await noted(other, "one") == b"one"
    own_redis.freeze()
    assert await other.redis.notes.find("one") is None
    own_redis.thaw()
    assert await noted(other, "two") == b"two"
    assert await other.redis.notes.find("three") is None


async def test_after_an_outage_all_bells_ring_for_what_may_have_been_missed(own_redis: RedisServer, node: Node) -> None:
    await node.transport.bell.wait(10)
    turns = node.transport.thread_bells.listen("thread", LONG)
    await anext(turns)
    own_redis.kill()
    await away(node)
    own_redis.start()
    async with asyncio.timeout(10):
        await node.transport.bell.wait(LONG)
        await anext(turns)
    await turns.aclose()  # type: ignore[attr-defined]


async def test_redis_is_back_also_for_a_node_whose_mirrors_were_given_up_meanwhile(
    own_redis: RedisServer, node: Node, other: Node
) -> None:
    await other.bridge.reach(RUN, 0)
    own_redis.kill()
    await away(other)
    other.bridge.lose(RUN)
    own_redis.start()
    await back(node, other)
    node.bridge.open(RUN)
    await node.sent()
    assert await found(other)


async def test_local_bells_ring_while_redis_is_away(own_redis: RedisServer, node: Node) -> None:
    await node.transport.bell.wait(10)
    own_redis.kill()
    await away(node)
    turns = node.transport.thread_bells.listen("thread", LONG)
    async with asyncio.timeout(10):
        await anext(turns)
        node.transport.bell.ring()
        await node.transport.bell.wait(LONG)
        node.transport.thread_bells.ring("thread")
        await anext(turns)
    await turns.aclose()  # type: ignore[attr-defined]
