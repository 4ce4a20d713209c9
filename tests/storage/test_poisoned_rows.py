"""A row that cannot be read breaks itself alone: never a list, a queue or the threads beside it."""

from __future__ import annotations

import pytest

from runline.errors import Unreadable
from runline.model.lifecycle import RunStatus, StopReason, ThreadStatus
from runline.model.thread import Page, ThreadFilter
from runline.model.viewer import ANONYMOUS
from runline.storage.tables import metadata
from runline.storage.thread_streams import ThreadStreamStore
from storage.world import START, World

BROKEN_JSON = '{"never": '

RUN_POISONS = [
    ("status", "zombie"),
    ("spec", BROKEN_JSON),
    ("spec", '{"unknown": 1}'),
    ("spec", "[]"),
    ("metadata", BROKEN_JSON),
    ("created_at", "yesterday"),
    ("stop_requested", "perhaps"),
]
THREAD_POISONS = [
    ("status", "zombie"),
    ("metadata", BROKEN_JSON),
    ("state_values", BROKEN_JSON),
    ("config", "\x01"),
    ("updated_at", "not a time"),
]


async def poison(world: World, table: str, key: str, column: str, value: str) -> None:
    await world.poison(metadata.tables[table], key, **{column: value})


@pytest.mark.parametrize(("column", "value"), RUN_POISONS)
async def test_a_poisoned_run_is_left_out_of_its_list(world: World, column: str, value: str) -> None:
    thread = await world.thread()
    sound = await world.start(thread.thread_id)
    await world.finish(sound)
    broken = await world.start(thread.thread_id)
    await world.finish(broken)
    await poison(world, "runs", broken.run_id, column, value)

    listed = await world.runs.list_of_thread(ANONYMOUS, thread.thread_id, None, 10, 0)
    assert [run.run_id for run, _ in listed] == [sound.run_id]
    with pytest.raises(Unreadable, match=broken.run_id):
        await world.runs.get(ANONYMOUS, broken.run_id)


@pytest.mark.parametrize(("column", "value"), THREAD_POISONS)
async def test_a_poisoned_thread_is_left_out_of_a_search(world: World, column: str, value: str) -> None:
    sound, broken = await world.thread(), await world.thread()
    await poison(world, "threads", broken.thread_id, column, value)

    found = await world.threads.search(ANONYMOUS, ThreadFilter(), Page())
    assert [thread.thread_id for thread in found] == [sound.thread_id]
    with pytest.raises(Unreadable, match=broken.thread_id):
        await world.threads.get(ANONYMOUS, broken.thread_id)


async def test_a_poisoned_thread_does_not_fail_a_search_in_what_threads_hold(world: World) -> None:
    sound, broken = await world.thread(colour="blue"), await world.thread(colour="blue")
    await poison(world, "threads", broken.thread_id, "metadata", BROKEN_JSON)

    wanted = ThreadFilter(metadata={"colour": "blue"})
    assert [thread.thread_id for thread in await world.threads.search(ANONYMOUS, wanted, Page())] == [sound.thread_id]
    # it is counted, as it is without a filter: counting reads no thread
    assert await world.threads.count(ANONYMOUS, wanted) == 2


async def test_a_poisoned_run_does_not_keep_its_thread_busy(world: World) -> None:
    thread = await world.thread()
    head, behind = await world.add(thread.thread_id), await world.add(thread.thread_id)
    await poison(world, "runs", head.run_id, "spec", BROKEN_JSON)

    (claimed,) = await world.claim()
    assert claimed.run_id == behind.run_id
    await world.finish(claimed)
    assert (await world.get_thread(thread.thread_id)).status is ThreadStatus.IDLE


async def test_a_poisoned_run_whose_worker_died_is_ended(world: World) -> None:
    thread = await world.thread()
    broken = await world.start(thread.thread_id)
    await poison(world, "runs", broken.run_id, "spec", BROKEN_JSON)
    world.clock.pass_(60)

    assert await world.claims.expired() == []
    assert (await world.get_thread(thread.thread_id)).status is ThreadStatus.IDLE
    successor = await world.start(thread.thread_id)
    assert successor.status is RunStatus.RUNNING


async def test_the_poisoned_place_of_a_run_that_is_gone_does_not_fail_those_who_follow_its_thread(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    await world.start(thread_id)
    broken, sound = [await world.add(thread_id) for _ in range(2)]
    for run in (broken, sound):
        await world.stop(run, StopReason.DELETE)
    await poison(world, "undone_runs", broken.run_id, "removed_at", "not a time")

    told = await ThreadStreamStore(world.database).undone(ANONYMOUS, thread_id, START)
    assert [run.run_id for run in told] == [sound.run_id]
