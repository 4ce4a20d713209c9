"""A gateway among several: proxies stand in its lines to PostgreSQL and Redis, and its clock may be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from chaos.faults import FAULTS, GRAPHS, LEASE_SECONDS, Victim, settings_for_chaos
from chaos.ground import Ground
from gateway import Gateway
from kit.proxy import Proxy, standing_before
from kit.skewed_clock import skewed_by

_SILENCE_SECONDS = 2.5 * LEASE_SECONDS
_SLOW_SECONDS, _DELAY_SECONDS = 1.0, 0.05


@dataclass(kw_only=True)
class Node(Victim):
    """A victim that can be parted from what it stands on while the others are not."""

    postgres: Proxy
    redis: Proxy

    async def part_from_postgres(self) -> None:
        """For longer than a lease nothing comes or goes; then everything arrives that was held back."""
        with self.standing_still():
            await self._silence(self.postgres)

    async def lose_postgres(self) -> None:
        """The same, but what was held back is lost with its connections."""
        with self.standing_still():
            await self._silence(self.postgres, cut=True)

    async def slow_postgres(self) -> None:
        """Each question and each answer takes its time."""
        self.postgres.slow(_DELAY_SECONDS)
        await asyncio.sleep(_SLOW_SECONDS)
        self.postgres.slow(0)

    async def part_from_redis(self) -> None:
        """Nothing is heard, and nothing is told to others."""
        await self._silence(self.redis)

    async def lose_redis(self) -> None:
        """The same, but what was held back is lost with its connections."""
        await self._silence(self.redis, cut=True)

    async def _silence(self, line: Proxy, *, cut: bool = False) -> None:
        line.pause()
        await asyncio.sleep(_SILENCE_SECONDS)
        if cut:
            line.cut()
        line.resume()


NODE_FAULTS: Mapping[str, Callable[[Node], Awaitable[None]]] = {
    **FAULTS,
    "part from postgres": Node.part_from_postgres,
    "lose postgres": Node.lose_postgres,
    "slow postgres": Node.slow_postgres,
    "part from redis": Node.part_from_redis,
    "lose redis": Node.lose_redis,
}


@asynccontextmanager
async def open_node(folder: Path, name: str, ground: Ground, ahead_seconds: int) -> AsyncIterator[Node]:
    """A node that is not started yet; at the end it is killed. Its clock is ahead of the others', or behind."""
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(standing_before(ground.postgres.socket))
        redis = await stack.enter_async_context(standing_before(ground.redis.port))
        # by its name PostgreSQL knows who writes
        there = make_conninfo(
            ground.postgres.uri, host="127.0.0.1", port=postgres.port, sslmode="disable", application_name=name
        )
        settings = {
            **settings_for_chaos(folder),
            **(skewed_by(ahead_seconds) if ahead_seconds else {}),
            "DATABASE_URI": there,
            "REDIS_URI": f"redis://127.0.0.1:{redis.port}/0",
        }
        node = Node(Gateway(folder / name, settings, GRAPHS), postgres=postgres, redis=redis)
        stack.callback(node.gateway.kill)
        yield node
