"""StreamBridge, the contract: order, replay, live tail, and ends."""

from __future__ import annotations

import asyncio

import pytest

from kit.waiting import let_others_run, wait_until
from runline.model.event import Event
from runline.streams.contracts import Ended, StreamBridge
from streams.reading import RESULT, publish, read, start_reading

RUN = "run"


async def test_events_come_in_the_order_of_their_dense_seq_and_then_the_end(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, range(1, 1001))
    bridge.close(RUN, RESULT)
    reading = await read(bridge, RUN)
    assert reading.seqs == list(range(1, 1001))
    assert reading.ended == Ended(RESULT)


@pytest.mark.parametrize("after", [0, 1, 255, 256, 257, 599, 600])
async def test_a_closed_stream_is_replayed_after_any_seq(bridge: StreamBridge, after: int) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, range(1, 601))
    bridge.close(RUN, RESULT)
    reading = await read(bridge, RUN, after)
    assert reading.seqs == list(range(after + 1, 601))
    assert reading.ended == Ended(RESULT)


async def test_a_reader_ahead_of_the_newest_event_gets_what_comes_after_its_position(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    reading, task = start_reading(bridge, RUN, after=3)
    await let_others_run()
    publish(bridge, RUN, range(2, 6))
    bridge.close(RUN, RESULT)
    await task
    assert reading.seqs == [4, 5]
    assert reading.ended


async def test_a_live_reader_sees_an_event_before_the_next_one_is_published(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    reading, task = start_reading(bridge, RUN)
    for seq in range(1, 6):
        publish(bridge, RUN, [seq])
        await reading.reach(seq)
    bridge.close(RUN, RESULT)
    await task
    assert reading.ended


async def test_a_stream_without_events_just_ends(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    reading, task = start_reading(bridge, RUN)
    await let_others_run()
    assert not task.done()
    bridge.close(RUN, RESULT)
    await task
    assert (reading.events, reading.ended) == ([], Ended(RESULT))


async def test_all_readers_share_the_same_event_objects(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    published = [Event(seq, "values", b"1") for seq in range(1, 4)]
    _, live = start_reading(bridge, RUN)
    for event in published:
        bridge.publish(RUN, event)
        await let_others_run()
    bridge.close(RUN, RESULT)
    for reading in (await live, await read(bridge, RUN)):
        assert [id(event) for event in reading.events] == [id(event) for event in published]


async def test_streams_of_different_runs_do_not_mix(bridge: StreamBridge) -> None:
    for run_id in ("one", "two"):
        bridge.open(run_id)
    publish(bridge, "one", [1, 2])
    publish(bridge, "two", [1])
    bridge.close("one", b"1")
    bridge.close("two", b"2")
    one, two = await read(bridge, "one"), await read(bridge, "two")
    assert (one.seqs, one.ended) == ([1, 2], Ended(b"1"))
    assert (two.seqs, two.ended) == ([1], Ended(b"2"))


async def test_a_reader_that_leaves_disturbs_nobody(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    _, leaving = start_reading(bridge, RUN)
    staying, task = start_reading(bridge, RUN)
    publish(bridge, RUN, [1])
    await let_others_run()
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    publish(bridge, RUN, [2])
    bridge.close(RUN, RESULT)
    await task
    assert staying.seqs == [1, 2]


async def test_the_newest_seq_is_known(bridge: StreamBridge) -> None:
    assert bridge.last_seq(RUN) == 0
    bridge.open(RUN)
    assert bridge.last_seq(RUN) == 0
    publish(bridge, RUN, range(1, 4))
    assert bridge.last_seq(RUN) == 3
    bridge.close(RUN, RESULT)
    assert bridge.last_seq(RUN) == 3


async def test_what_is_published_to_a_stream_that_was_never_opened_is_nowhere(bridge: StreamBridge) -> None:
    publish(bridge, RUN, [1])
    bridge.close(RUN, RESULT)
    assert not bridge.knows(RUN)
    assert bridge.last_seq(RUN) == 0


async def test_opening_twice_is_harmless(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    bridge.open(RUN)
    publish(bridge, RUN, [2])
    bridge.close(RUN, RESULT)
    assert (await read(bridge, RUN)).seqs == [1, 2]


async def test_closing_twice_keeps_the_first_result(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    bridge.close(RUN, b"1")
    bridge.close(RUN, b"2")
    assert (await read(bridge, RUN)).ended == Ended(b"1")


async def test_a_stream_that_is_opened_again_goes_on_after_its_newest_event(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, [1, 2])
    bridge.close(RUN, b"1")
    bridge.open(RUN)
    reading, task = start_reading(bridge, RUN)
    await wait_until(lambda: reading.seqs == [1, 2])
    assert not task.done()
    publish(bridge, RUN, [bridge.last_seq(RUN) + 1])
    bridge.close(RUN, b"2")
    await task
    assert (reading.seqs, reading.ended) == ([1, 2, 3], Ended(b"2"))


async def test_shutting_down_ends_readers_without_the_end_of_the_run(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    waiting, task = start_reading(bridge, RUN)
    await wait_until(lambda: waiting.seqs)
    publish(bridge, RUN, [2])
    bridge.shut_down()
    await task
    assert (waiting.seqs, waiting.ended) == ([1, 2], None)
    late = await read(bridge, RUN)
    assert (late.seqs, late.ended) == ([1, 2], None)


async def test_shutting_down_leaves_the_end_of_ended_streams_readable(bridge: StreamBridge) -> None:
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    bridge.close(RUN, RESULT)
    bridge.shut_down()
    reading = await read(bridge, RUN)
    assert (reading.seqs, reading.ended) == ([1], Ended(RESULT))


async def test_a_stream_may_begin_behind_what_earlier_attempts_sent(bridge: StreamBridge) -> None:
    bridge.open(RUN, after=5)
    assert (bridge.last_seq(RUN), bridge.origin(RUN)) == (5, 5)
    bridge.open(RUN, after=9)
    assert bridge.last_seq(RUN) == 5
    publish(bridge, RUN, [6, 7])
    bridge.close(RUN, RESULT)
    assert (await read(bridge, RUN, after=5)).seqs == [6, 7]
    assert (await read(bridge, RUN, after=6)).seqs == [7]
    assert (await read(bridge, RUN, after=4)).gone
