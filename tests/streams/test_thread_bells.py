"""ThreadBells, the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kit.waiting import let_others_run
from runline.streams.contracts import ThreadBells
from runline.streams.thread_bells import MemoryThreadBells

LONG = 30.0
SOON = 20.0
THREAD, OTHER = "thread", "other"


async def listening(bells: ThreadBells) -> AsyncIterator[None]:
    """One who has been told once, as everybody is at first."""
    listener = bells.listen(THREAD, LONG)
    await anext(listener)
    return listener


async def waiting(listener: AsyncIterator[None]) -> asyncio.Task[None]:
    async def wait() -> None:
        await anext(listener)

    task = asyncio.create_task(wait())
    await let_others_run()
    return task


async def test_a_listener_is_told_at_once_and_then_at_each_ring(bells: ThreadBells) -> None:
    listener = await listening(bells)
    for _ in range(3):
        told = await waiting(listener)
        assert not told.done()
        bells.ring(THREAD)
        await told


async def test_a_ring_wakes_all_who_listen_to_the_thread_and_nobody_else(bells: ThreadBells) -> None:
    tasks = [await waiting(await listening(bells)) for _ in range(5)]
    other = bells.listen(OTHER, LONG)
    await anext(other)
    unconcerned = await waiting(other)
    bells.ring(THREAD)
    async with asyncio.timeout(SOON):
        await asyncio.gather(*tasks)
    assert not unconcerned.done()
    bells.ring(OTHER)
    await unconcerned


async def test_rings_that_nobody_waited_for_count_as_one(bells: ThreadBells) -> None:
    listener = await listening(bells)
    bells.ring(THREAD)
    bells.ring(THREAD)
    await anext(listener)
    told = await waiting(listener)
    assert not told.done()
    bells.ring(THREAD)
    await told


async def test_a_ring_before_the_first_turn_of_a_listener_counts(bells: ThreadBells) -> None:
    listener = bells.listen(THREAD, LONG)
    bells.ring(THREAD)
    await anext(listener)
    async with asyncio.timeout(SOON):
        await anext(listener)


async def test_a_listener_is_told_after_a_while_without_any_ring(bells: ThreadBells) -> None:
    clock = asyncio.get_running_loop().time
    listener = bells.listen(THREAD, 0.02)
    await anext(listener)
    before = clock()
    await anext(listener)
    assert 0.015 < clock() - before < SOON


async def test_a_listener_that_was_cancelled_leaves_the_others_their_rings(bells: ThreadBells) -> None:
    leaving, staying = await waiting(await listening(bells)), await waiting(await listening(bells))
    leaving.cancel()
    await let_others_run()
    bells.ring(THREAD)
    async with asyncio.timeout(SOON):
        await staying
    assert leaving.cancelled()


async def test_a_shutdown_ends_all_listening_now_and_later(bells: ThreadBells) -> None:
    listener = await listening(bells)
    told = await waiting(listener)
    bells.shut_down()
    with pytest.raises(StopAsyncIteration):
        await told
    assert [turn async for turn in bells.listen(THREAD, LONG)] == []


async def test_threads_that_nobody_listens_to_any_more_cost_nothing() -> None:
    bells = MemoryThreadBells()
    tasks = [await waiting(await listening(bells)) for _ in range(3)]
    assert len(bells._ropes) == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    tasks.clear()
    del task
    await let_others_run()
    assert len(bells._ropes) == 0
