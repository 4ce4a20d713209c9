"""What gateways stand on: a PostgreSQL and a Redis that are stopped, killed and emptied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from kit.postgres import OwnServer
from kit.redis_server import RedisPlace, RedisServer

_OUTAGE_SECONDS = 1.0


@dataclass(frozen=True)
class Ground:
    """Both servers."""

    postgres: OwnServer
    redis: RedisServer

    async def restart_postgres(self) -> None:
        """Stop it, for long enough that everybody notices, and start it again."""
        await asyncio.to_thread(self.postgres.stop)
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(self.postgres.start)

    async def crash_postgres(self) -> None:
        """End it at once, and start it again: what it has acknowledged is there."""
        await asyncio.to_thread(self.postgres.crash)
        await asyncio.to_thread(self.postgres.start)

    async def restart_redis(self) -> None:
        """Kill it, with all that it holds, and start it again."""
        self.redis.kill()
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(self.redis.start)

    async def flush_redis(self) -> None:
        """Let it forget everything."""
        await asyncio.to_thread(RedisPlace(self.redis.uri).forget)


GROUND_FAULTS: Mapping[str, Callable[[Ground], Awaitable[None]]] = {
    "restart postgres": Ground.restart_postgres,
    "crash postgres": Ground.crash_postgres,
    "restart redis": Ground.restart_redis,
    "flush redis": Ground.flush_redis,
}
