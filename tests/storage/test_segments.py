"""SegmentStore: stored events are read as they were written, by their owner's attempt alone, for their time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from runline.kit.ids import new_id
from runline.model.event import Event
from runline.model.run import Run
from runline.model.thread import ThreadFilter
from runline.model.viewer import ANONYMOUS
from runline.storage.segments import Attempt, SegmentStore
from runline.storage.tables import segments as rows
from storage.world import World


@pytest.fixture
def segments(world: World) -> SegmentStore:
    return SegmentStore(world.database)


def events(first: int, last: int, size: int = 0) -> list[Event]:
    return [Event(seq, "values|child:1", b'{"seq":%d}' % seq + b" " * size) for seq in range(first, last + 1)]


def attempt(run: Run) -> Attempt:
    return run.run_id, run.attempt


async def start(world: World, **spec: object) -> Run:
    return await world.start(new_id(), create_thread=True, stream_resumable=True, **spec)


async def read_all(segments: SegmentStore, run: Run, after: int = 0) -> list[Event]:
    found: list[Event] = []
    while batch := await segments.read(run.run_id, after):
        found += batch
        after = batch[-1].seq
    return found


async def test_events_are_read_as_they_were_written(world: World, segments: SegmentStore) -> None:
    run = await start(world)
    odd = [Event(1, "values", b"{}"), Event(2, "custom|ü:1|b", '"tab \\t, ü"'.encode()), Event(3, "error", b"null")]
    assert await segments.append({attempt(run): odd}) == set()
    assert await read_all(segments, run) == odd


@pytest.mark.parametrize("after", [0, 1, 4, 5, 6, 499, 500])
async def test_reading_begins_after_any_seq_within_a_segment_too(
    world: World, segments: SegmentStore, after: int
) -> None:
    run = await start(world)
    for first in range(1, 500, 5):
        await segments.append({attempt(run): events(first, first + 4)})
    assert await read_all(segments, run, after) == events(after + 1, 500)


async def rows_of(world: World, run: Run) -> int:
    query = select(func.count()).where(rows.c.run_id == run.run_id)
    return await world.database.read(lambda connection: connection.execute(query).scalar_one())


async def test_the_newest_stored_seq_is_known(world: World, segments: SegmentStore) -> None:
    run = await start(world)
    assert await segments.last_seq(run.run_id) == 0
    await segments.append({attempt(run): events(1, 3)})
    await segments.append({attempt(run): events(4, 4)})
    assert await segments.last_seq(run.run_id) == 4


async def test_several_runs_are_stored_together_and_read_apart(world: World, segments: SegmentStore) -> None:
    one, two = await start(world), await start(world)
    await segments.append({attempt(one): events(1, 2), attempt(two): events(1, 5)})
    assert await read_all(segments, one) == events(1, 2)
    assert await read_all(segments, two) == events(1, 5)


async def test_an_attempt_that_lost_its_run_stores_nothing_and_the_others_do(
    world: World, segments: SegmentStore
) -> None:
    lost, fine = await start(world), await start(world)
    await world.leases.requeue(lost, crashed=True)
    assert await segments.append({attempt(lost): events(1, 2)}) == {attempt(lost)}
    (again,) = await world.claim()
    assert await segments.append({attempt(lost): events(1, 2), attempt(fine): events(1, 1)}) == {attempt(lost)}
    assert await segments.last_seq(lost.run_id) == 0
    assert await read_all(segments, fine) == events(1, 1)
    assert await segments.append({attempt(again): events(1, 1)}) == set()


async def test_a_run_that_is_gone_stores_nothing(world: World, segments: SegmentStore) -> None:
    run = await start(world)
    await segments.append({attempt(run): events(1, 2)})
    await world.leases.discard(run, None, None)
    assert await segments.last_seq(run.run_id) == 0
    assert await segments.append({attempt(run): events(3, 3)}) == {attempt(run)}


@pytest.mark.parametrize("size", [0, 100_000])
async def test_compacting_changes_nothing_that_can_be_read(world: World, segments: SegmentStore, size: int) -> None:
    run = await start(world)
    for seq in range(1, 11):
        await segments.append({attempt(run): events(seq, seq, size)})
    await segments.compact(attempt(run))
    assert await segments.last_seq(run.run_id) == 10
    for after in range(11):
        assert await read_all(segments, run, after) == events(after + 1, 10, size)
    await segments.compact(attempt(run))
    assert await read_all(segments, run) == events(1, 10, size)


async def test_compacting_a_run_without_events_is_harmless(world: World, segments: SegmentStore) -> None:
    run = await start(world)
    await segments.compact(attempt(run))
    assert await read_all(segments, run) == []


async def test_who_has_lost_a_run_does_not_put_its_segments_together(world: World, segments: SegmentStore) -> None:
    """Another would be writing them."""
    run = await start(world)
    for seq in (1, 2):
        await segments.append({attempt(run): events(seq, seq)})
    await world.leases.requeue(run, crashed=True)
    (again,) = await world.claim()
    await segments.compact(attempt(run))
    assert await rows_of(world, run) == 2
    await segments.compact(attempt(again))
    assert await rows_of(world, run) == 1


async def test_the_events_of_runs_that_ended_long_ago_are_forgotten_and_the_runs_stay(
    world: World, segments: SegmentStore
) -> None:
    old, young, running = [await start(world) for _ in range(3)]
    for run in (old, young, running):
        await segments.append({attempt(run): events(1, 1)})
    await world.finish(old)
    world.clock.pass_(60)
    await world.finish(young)
    assert await segments.sweep(world.clock.now() - timedelta(seconds=30)) == 1
    assert await read_all(segments, old) == []
    assert await read_all(segments, young) == await read_all(segments, running) == events(1, 1)
    assert (await world.row(old)).status == "success"
    assert await segments.sweep(world.clock.now() - timedelta(seconds=30)) == 0


async def test_a_resumable_stateless_run_is_kept_out_of_sight_until_its_events_are_forgotten(
    world: World, segments: SegmentStore
) -> None:
    run = await start(world, temporary=True)
    await segments.append({attempt(run): events(1, 1)})
    assert await world.threads.count(ANONYMOUS, ThreadFilter()) == 0
    await world.finish(run)
    assert await world.row(run)
    assert await read_all(segments, run) == events(1, 1)
    assert await world.threads.count(ANONYMOUS, ThreadFilter()) == 0
    await segments.sweep(world.clock.now())
    assert await world.all_rows() == ([], [])


async def test_a_kept_thread_of_a_stateless_run_outlives_its_events(world: World, segments: SegmentStore) -> None:
    run = await start(world, temporary=True, keep_thread=True)
    await segments.append({attempt(run): events(1, 1)})
    await world.finish(run)
    await segments.sweep(world.clock.now())
    assert await world.row(run)
    assert await world.threads.count(ANONYMOUS, ThreadFilter()) == 1
