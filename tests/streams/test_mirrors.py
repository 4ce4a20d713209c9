"""Streams over Redis: what readers on one node see of a run that another one executes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.redis_server import RedisPlace
from kit.waiting import let_others_run, wait_until
from runline.model.event import Event
from runline.streams import redis_mirrors
from runline.streams.contracts import Ended, EventsGone
from runline.streams.memory import KeepLimits
from streams.nodes import Node, open_node
from streams.reading import RESULT, event, publish, read, start_reading

RUN = "run"
SECOND_ATTEMPT = 10**9
CONNECTIONS_OF_A_NODE = 3


@pytest.fixture
async def other(place: RedisPlace) -> AsyncIterator[Node]:
    async with open_node(place) as node:
        yield node


async def test_a_run_of_another_node_is_replayed_and_then_followed_without_gap(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, range(1, 301))
    assert await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    await reading.reach(300)
    publish(node.bridge, RUN, range(301, 1001))
    node.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == (list(range(1, 1001)), Ended(RESULT))
    assert reading.events[:2] == [event(1), event(2)]


async def test_names_and_data_come_as_they_were_published(node: Node, other: Node) -> None:
    named = [("origin", b""), ("end", b"{}"), ("", b"0"), ("updates|\u00fcber:1", '{"\u00fc":"\\n"}'.encode())]
    odd = [Event(seq, name, data) for seq, (name, data) in enumerate(named, 1)]
    node.bridge.open(RUN)
    for one in odd:
        node.bridge.publish(RUN, one)
    node.bridge.close(RUN, "ü".encode())
    await node.sent()
    assert await other.bridge.reach(RUN, None)
    reading = await read(other.bridge, RUN)
    assert (reading.events, reading.ended) == (odd, Ended("ü".encode()))


async def test_all_readers_of_a_node_share_one_mirror(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, [1, 2])
    await asyncio.gather(*(other.bridge.reach(RUN, 0) for _ in range(20)))
    readings = [start_reading(other.bridge, RUN) for _ in range(20)]
    node.bridge.close(RUN, RESULT)
    done = await asyncio.gather(*(task for _, task in readings))
    assert {id(reading.events[0]) for reading in done} == {id(done[0].events[0])}


async def test_a_run_that_has_ended_is_read_elsewhere_while_redis_keeps_it(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, range(1, 201))
    node.bridge.close(RUN, RESULT)
    await node.sent()
    assert await other.bridge.reach(RUN, None)
    assert (await read(other.bridge, RUN, after=150)).seqs == list(range(151, 201))


async def test_a_run_that_redis_does_not_know_and_that_has_ended_is_nowhere(node: Node) -> None:
    assert not await node.bridge.reach(RUN, None)
    assert not node.bridge.knows(RUN)
    assert list(node.bridge.mirrors) == []


async def test_a_run_that_is_yet_to_be_written_is_waited_for(node: Node, other: Node) -> None:
    assert await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    node.bridge.open(RUN)
    publish(node.bridge, RUN, [1])
    await reading.reach(1)
    node.bridge.close(RUN, RESULT)
    await task


async def test_a_run_that_was_cancelled_before_it_began_ends_for_all_readers(node: Node, other: Node) -> None:
    await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    node.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == ([], Ended(RESULT))


async def test_the_first_of_two_ends_is_the_end(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    node.bridge.close(RUN, b"1")
    await node.sent()
    other.bridge.close(RUN, b"2")
    await other.sent()
    async with open_node(RedisPlace(node.redis.link.options.uri, node.redis.link.options.prefix)) as third:
        await third.bridge.reach(RUN, None)
        assert (await read(third.bridge, RUN)).ended == Ended(b"1")


async def test_an_attempt_begun_anew_elsewhere_is_told_behind_its_origin(place: RedisPlace, other: Node) -> None:
    """The node of the first attempt dies with events that were never sent; nothing hangs."""
    async with open_node(place) as dying:
        dying.bridge.open(RUN)
        publish(dying.bridge, RUN, [1, 2])
        await dying.sent()
        await other.bridge.reach(RUN, 0)
        reading, task = start_reading(other.bridge, RUN)
        await reading.reach(2)
    async with open_node(place) as heir:
        heir.bridge.open(RUN, SECOND_ATTEMPT)
        publish(heir.bridge, RUN, [SECOND_ATTEMPT + 1])
        await task
        assert reading.gone
        assert other.bridge.origin(RUN) == SECOND_ATTEMPT
        heir.bridge.close(RUN, RESULT)
        late = await read(other.bridge, RUN, SECOND_ATTEMPT)
    assert (late.seqs, late.ended) == ([SECOND_ATTEMPT + 1], Ended(RESULT))


async def test_a_mirror_goes_on_as_the_log_of_the_node_that_claims_the_run(place: RedisPlace, other: Node) -> None:
    async with open_node(place) as dying:
        dying.bridge.open(RUN)
        publish(dying.bridge, RUN, [1, 2])
        await dying.sent()
        await other.bridge.reach(RUN, 0)
    # of a resumable run: its next attempt begins behind the newest stored event
    reading, task = start_reading(other.bridge, RUN)
    other.bridge.open(RUN, 2)
    publish(other.bridge, RUN, [3])
    other.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == ([1, 2, 3], Ended(RESULT))
    async with open_node(place) as third:
        await third.bridge.reach(RUN, None)
        assert (await read(third.bridge, RUN)).seqs == [1, 2, 3]


async def test_a_node_that_claims_a_run_it_has_mirrored_repeats_no_seq_of_earlier_attempts(
    place: RedisPlace, other: Node
) -> None:
    """More was told elsewhere than the mirror may have seen."""
    async with open_node(place) as dying:
        dying.bridge.open(RUN)
        publish(dying.bridge, RUN, [1, 2])
        await dying.sent()
        await other.bridge.reach(RUN, 0)
    other.bridge.open(RUN, SECOND_ATTEMPT)
    assert (other.bridge.last_seq(RUN), other.bridge.origin(RUN)) == (SECOND_ATTEMPT, SECOND_ATTEMPT)


async def test_a_new_mirror_does_not_wait_for_the_others(
    node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_mirrors, "_BLOCK_SECONDS", 60.0)
    for run_id in ("silent", "told"):
        node.bridge.open(run_id)
    publish(node.bridge, "told", [1])
    await node.sent()
    async with asyncio.timeout(30):
        assert await other.bridge.reach("silent", 0)
        await let_others_run()
        assert await other.bridge.reach("told", 0)
        reading, task = start_reading(other.bridge, "told")
        await reading.reach(1)
    task.cancel()


async def test_readers_of_a_node_that_lost_its_run_go_on_with_the_next_attempt(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    publish(node.bridge, RUN, [1])
    reading, task = start_reading(node.bridge, RUN)
    await reading.reach(1)
    node.bridge.leave(RUN)
    publish(node.bridge, RUN, [2])
    other.bridge.open(RUN, 1)
    publish(other.bridge, RUN, [2, 3])
    other.bridge.close(RUN, RESULT)
    await task
    assert (reading.seqs, reading.ended) == ([1, 2, 3], Ended(RESULT))


async def test_an_attempt_that_is_over_adds_nothing_to_what_the_next_one_tells(node: Node, other: Node) -> None:
    node.bridge.open(RUN)
    other.bridge.open(RUN, SECOND_ATTEMPT)
    publish(other.bridge, RUN, [SECOND_ATTEMPT + 1])
    await other.sent()
    publish(node.bridge, RUN, range(1, 10))
    await node.sent()
    other.bridge.close(RUN, RESULT)
    async with open_node(RedisPlace(node.redis.link.options.uri, node.redis.link.options.prefix)) as third:
        await third.bridge.reach(RUN, None)
        assert (await read(third.bridge, RUN, SECOND_ATTEMPT)).seqs == [SECOND_ATTEMPT + 1]


async def test_readers_are_told_of_events_that_redis_has_dropped(place: RedisPlace, other: Node) -> None:
    async with open_node(place, max_events_per_run=100) as node:
        node.bridge.open(RUN)
        publish(node.bridge, RUN, range(1, 2001))
        node.bridge.close(RUN, RESULT)
        await node.sent()
    await other.bridge.reach(RUN, None)
    assert (await read(other.bridge, RUN)).gone
    assert (await read(other.bridge, RUN, after=1950)).seqs == list(range(1951, 2001))


async def test_a_mirror_that_nobody_reads_is_dropped(node: Node, other: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_mirrors, "_IDLE_SECONDS", 0.0)
    node.bridge.open(RUN)
    publish(node.bridge, RUN, [1])
    await other.bridge.reach(RUN, 0)
    reading, task = start_reading(other.bridge, RUN)
    await other.bridge.reach("unread", 0)
    held = other.bridge.read("unread", 0)
    await wait_until(lambda: not other.bridge.knows("unread"))
    assert list(other.bridge.mirrors) == [RUN]
    with pytest.raises(EventsGone):
        await anext(held)
    node.bridge.close(RUN, RESULT)
    await task
    assert reading.ended


async def test_a_mirror_that_was_given_up_is_gone_for_its_readers(node: Node) -> None:
    await node.bridge.reach(RUN, 0)
    reading, task = start_reading(node.bridge, RUN)
    await let_others_run()
    node.bridge.lose(RUN)
    await task
    assert reading.gone
    assert not node.bridge.knows(RUN)


async def test_many_streams_are_mirrored_by_one_connection(place: RedisPlace, node: Node, other: Node) -> None:
    runs = [f"run {number}" for number in range(300)]
    for run_id in runs:
        node.bridge.open(run_id)
    await asyncio.gather(*(other.bridge.reach(run_id, 0) for run_id in runs))
    tasks = [start_reading(other.bridge, run_id)[1] for run_id in runs]
    for run_id in runs:
        publish(node.bridge, run_id, range(1, 11))
        node.bridge.close(run_id, RESULT)
    for reading in await asyncio.gather(*tasks):
        assert (reading.seqs, reading.ended) == (list(range(1, 11)), Ended(RESULT))
    assert place.connections() <= 2 * CONNECTIONS_OF_A_NODE


async def test_keys_are_kept_no_longer_than_the_retention(place: RedisPlace) -> None:
    async with open_node(place, KeepLimits(retention_seconds=20)) as node:
        node.bridge.open("open")
        node.bridge.open("ended")
        publish(node.bridge, "ended", [1])
        node.bridge.close("ended", RESULT)
        await node.sent()
        ended, opened = place.seconds_left("stream:ended"), place.seconds_left("stream:open")
    assert 0 < ended <= 20 < opened
