"""StreamBridge, the contract: how long and how much is kept, and that nothing is lost in silence."""

from __future__ import annotations

from itertools import count
from time import monotonic

from kit.waiting import let_others_run, wait_until
from runline.streams.contracts import Ended, StreamBridge
from streams.conftest import MakeBridge
from streams.reading import RESULT, Reading, event, publish, read, start_reading

RUN = "run"
RETENTION_SECONDS = 0.02


async def test_an_ended_stream_is_kept_for_its_retention(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(retention_seconds=RETENTION_SECONDS)
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    assert bridge.knows(RUN)
    before = monotonic()
    bridge.close(RUN, RESULT)
    await wait_until(lambda: not bridge.knows(RUN))
    assert monotonic() - before > RETENTION_SECONDS
    assert bridge.last_seq(RUN) == 0


async def test_an_ended_stream_is_read_while_it_is_kept(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(retention_seconds=1000.0)
    bridge.open(RUN)
    publish(bridge, RUN, [1])
    bridge.close(RUN, RESULT)
    assert bridge.knows(RUN)
    assert (await read(bridge, RUN)).seqs == [1]


async def test_an_open_stream_outlives_any_retention(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(retention_seconds=0.0)
    bridge.open("old")
    bridge.open("other")
    bridge.close("other", RESULT)
    assert not bridge.knows("other")
    assert bridge.knows("old")


async def test_an_ended_stream_that_is_opened_again_does_not_expire(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(retention_seconds=RETENTION_SECONDS)
    run_id = opened_again_in_time(bridge)
    bridge.open("other")
    bridge.close("other", RESULT)
    await wait_until(lambda: not bridge.knows("other"))
    assert bridge.knows(run_id)
    assert bridge.last_seq(run_id) == 1


def opened_again_in_time(bridge: StreamBridge) -> str:
    """A run whose stream had ended, for less than its retention: a busy machine may need several."""
    numbers = count()
    while True:
        run_id = f"run {next(numbers)}"
        bridge.open(run_id)
        publish(bridge, run_id, [1])
        before = monotonic()
        bridge.close(run_id, RESULT)
        bridge.open(run_id)
        if monotonic() - before < RETENTION_SECONDS:
            return run_id


async def test_a_reader_reaches_the_end_though_the_stream_expires_at_once(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(retention_seconds=0.0)
    bridge.open(RUN)
    reading, task = start_reading(bridge, RUN)
    await let_others_run()
    publish(bridge, RUN, range(1, 1001))
    bridge.close(RUN, RESULT)
    assert not bridge.knows(RUN)
    await task
    assert reading.seqs == list(range(1, 1001))
    assert reading.ended == Ended(RESULT)


async def test_a_read_that_was_asked_for_in_time_reaches_the_end_though_it_begins_late(
    make_bridge: MakeBridge,
) -> None:
    """A door asks for a stream when it answers, and reads it when the answer is being sent."""
    bridge = make_bridge(retention_seconds=0.0)
    bridge.open(RUN)
    batches = bridge.read(RUN, 0)
    publish(bridge, RUN, [1])
    bridge.close(RUN, RESULT)
    assert [batch async for batch in batches] == [[event(1)], Ended(RESULT)]


async def test_events_over_the_limit_of_a_run_are_gone_and_their_readers_are_told(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_per_run=10_000)
    bridge.open(RUN)
    publish(bridge, RUN, range(1, 101), size=1_000)
    bridge.close(RUN, RESULT)
    assert (await read(bridge, RUN, 0)).gone
    readings = [await read(bridge, RUN, after) for after in range(101)]
    kept = [reading for reading in readings if not reading.gone]
    assert 1 < len(kept) < 11
    for after, reading in enumerate(readings):
        if reading.gone:
            assert reading.events == []
        else:
            assert reading.seqs == list(range(after + 1, 101))
            assert reading.ended


async def test_the_newest_event_is_kept_however_big_it_is(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_per_run=1_000)
    bridge.open(RUN)
    publish(bridge, RUN, [1, 2], size=50_000)
    reading = await read_so_far(bridge, after=1)
    assert reading.seqs == [2]


async def test_a_reader_that_keeps_up_never_meets_the_limit_of_a_run(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_per_run=3_000)
    bridge.open(RUN)
    reading, task = start_reading(bridge, RUN)
    for seq in range(1, 101):
        publish(bridge, RUN, [seq], size=1_000)
        await reading.reach(seq)
    bridge.close(RUN, RESULT)
    await task
    assert reading.seqs == list(range(1, 101))
    assert reading.ended


async def test_a_reader_that_falls_behind_the_limit_is_told_and_gets_no_gap(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_per_run=3_000)
    bridge.open(RUN)
    publish(bridge, RUN, [1], size=1_000)
    reading, task = start_reading(bridge, RUN)
    await wait_until(lambda: reading.seqs)
    publish(bridge, RUN, range(2, 50), size=1_000)
    await task
    assert (reading.seqs, reading.gone, reading.ended) == ([1], True, None)


async def test_the_streams_that_ended_first_go_when_all_are_too_big(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_total=10_000)
    for run_id in ("live", "first", "second"):
        bridge.open(run_id)
        publish(bridge, run_id, [1], size=3_000)
    bridge.close("first", RESULT)
    bridge.close("second", RESULT)
    assert all(map(bridge.knows, ("live", "first", "second")))
    publish(bridge, "live", [2], size=3_000)
    assert [bridge.knows(run_id) for run_id in ("live", "first", "second")] == [True, False, True]
    publish(bridge, "live", [3], size=3_000)
    assert [bridge.knows(run_id) for run_id in ("live", "first", "second")] == [True, False, False]
    publish(bridge, "live", [4], size=3_000)
    assert (await read_so_far(bridge, run_id="live")).seqs == [1, 2, 3, 4]


async def test_the_order_of_ends_is_that_of_the_last_ends(make_bridge: MakeBridge) -> None:
    """A stream that was opened again and ended anew is the youngest, and the last to go."""
    bridge = make_bridge(max_bytes_total=10_000)
    for run_id in ("again", "other"):
        bridge.open(run_id)
        publish(bridge, run_id, [1], size=3_000)
        bridge.close(run_id, RESULT)
    bridge.open("again")
    bridge.close("again", RESULT)
    bridge.open("live")
    publish(bridge, "live", [1], size=4_000)
    assert [bridge.knows(run_id) for run_id in ("again", "other", "live")] == [True, False, True]


async def test_a_result_counts_towards_the_memory_of_all(make_bridge: MakeBridge) -> None:
    bridge = make_bridge(max_bytes_total=10_000)
    for run_id in ("first", "second"):
        bridge.open(run_id)
        bridge.close(run_id, b" " * 6_000)
    assert [bridge.knows(run_id) for run_id in ("first", "second")] == [False, True]


async def test_memory_is_given_back_when_streams_go(make_bridge: MakeBridge) -> None:
    """However many streams came and went, one that fits is kept."""
    bridge = make_bridge(max_bytes_per_run=4_000, max_bytes_total=10_000)
    for number in range(50):
        run_id = f"run {number}"
        bridge.open(run_id)
        publish(bridge, run_id, range(1, 6), size=1_500)
        bridge.close(run_id, b" " * 100)
        bridge.open(run_id)
        bridge.close(run_id, b" " * 100)
        assert bridge.knows(run_id)
    assert sum(bridge.knows(f"run {number}") for number in range(50)) >= 2


async def read_so_far(bridge: StreamBridge, after: int = 0, run_id: str = RUN) -> Reading:
    """Read what is there now."""
    reading, task = start_reading(bridge, run_id, after)
    await let_others_run()
    task.cancel()
    await wait_until(task.done)
    return reading
