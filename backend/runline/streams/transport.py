"""The transport of one process: its streams and its bells, over memory alone or over Redis.

What speaks to Redis is imported by those alone who use it: it takes 8 MB.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runline.streams.contracts import Bell, StopBell, StreamBridge, ThreadBells
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStopBell, MemoryStreamBridge
from runline.streams.redis_options import RedisOptions
from runline.streams.thread_bells import MemoryThreadBells

if TYPE_CHECKING:
    from runline.streams.redis_side import RedisSide


@dataclass(frozen=True, slots=True)
class Transport:
    """Streams and bells. `loops` are to be supervised, by their names, for as long as it is used."""

    bridge: StreamBridge
    bell: Bell
    cron_bell: Bell
    thread_bells: ThreadBells
    log_bells: ThreadBells
    stop_bell: StopBell
    loops: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)
    redis: RedisSide | None = None


@asynccontextmanager
async def open_transport(limits: KeepLimits, options: RedisOptions | None) -> AsyncIterator[Transport]:
    """Over Redis if there are options for it; its loops must have ended when it is left. Raises ConfigError."""
    if options is None:
        bells, each = (MemoryBell(), MemoryBell()), (MemoryThreadBells(), MemoryThreadBells())
        yield Transport(MemoryStreamBridge(limits), *bells, *each, MemoryStopBell())
        return
    from runline.streams.redis_side import redis_transport  # noqa: PLC0415

    transport, side = redis_transport(limits, options)
    try:
        yield transport
    finally:
        await side.close()
