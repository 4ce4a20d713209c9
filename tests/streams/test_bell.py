"""Bell, the contract."""

from __future__ import annotations

import asyncio

import pytest

from kit.waiting import let_others_run
from runline.streams.contracts import Bell

LONG = 30.0
SOON = 20.0


async def test_a_ring_wakes_whoever_waits(bell: Bell) -> None:
    waiting = asyncio.create_task(bell.wait(LONG))
    await let_others_run()
    assert not waiting.done()
    bell.ring()
    await waiting


async def test_a_ring_since_the_last_wait_counts(bell: Bell) -> None:
    bell.ring()
    async with asyncio.timeout(SOON):
        await bell.wait(LONG)


async def test_a_ring_counts_once(bell: Bell) -> None:
    bell.ring()
    bell.ring()
    await bell.wait(LONG)
    waiting = asyncio.create_task(bell.wait(LONG))
    await let_others_run()
    assert not waiting.done()
    bell.ring()
    await waiting


async def test_a_ring_wakes_every_waiter(bell: Bell) -> None:
    waiting = [asyncio.create_task(bell.wait(LONG)) for _ in range(5)]
    await let_others_run()
    bell.ring()
    async with asyncio.timeout(SOON):
        await asyncio.gather(*waiting)


async def test_a_wait_without_a_ring_ends_after_its_timeout(bell: Bell) -> None:
    clock = asyncio.get_running_loop().time
    before = clock()
    await bell.wait(0.02)
    assert 0.015 < clock() - before < SOON


async def test_a_ring_after_a_timeout_counts_for_the_next_wait(bell: Bell) -> None:
    await bell.wait(0.0)
    bell.ring()
    async with asyncio.timeout(SOON):
        await bell.wait(LONG)


@pytest.mark.parametrize("turns", range(4))
async def test_a_wait_that_is_cancelled_while_the_bell_rings_is_cancelled(bell: Bell, turns: int) -> None:
    """Otherwise a loop that waits for the bell survives its own cancellation, and the shutdown waits for it."""
    waiting = asyncio.create_task(bell.wait(LONG))
    await let_others_run()
    bell.ring()
    for _ in range(turns):
        await asyncio.sleep(0)
    if not waiting.done():
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
