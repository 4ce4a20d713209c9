"""Waiting for something to become true, without guessing how long that takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PAUSE_SECONDS = 0.002


async def wait_until(condition: Callable[[], object], *, timeout: float = 30.0) -> None:
    """Return as soon as the condition holds; fail if it does not within the timeout."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - a condition of any kind sets no event
            await asyncio.sleep(_PAUSE_SECONDS)


async def let_others_run(turns: int = 10) -> None:
    """Give every task that is ready some turns of the event loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
