"""What a run cannot begin, go on or end without is done as soon as the database can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from runline.errors import Unavailable

log = structlog.get_logger()

T = TypeVar("T")

_FIRST_PAUSE_SECONDS = 0.05
_LAST_PAUSE_SECONDS = 2.0


async def persist(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the database answers, however long it is out of reach. Leases are looked after meanwhile."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await call()
        except Unavailable as exc:
            log.warning("a run waits for the database", reason=str(exc), retry_in_seconds=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
