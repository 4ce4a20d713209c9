"""Three gateways on one PostgreSQL and one Redis under load, while faults befall them and what they stand on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random

from chaos.checker import Checker
from chaos.faults import GRAPHS, Victim, settings_for_chaos
from chaos.load import Load, Plan
from chaos.scenario import Outcome, end, read_final, until
from gateway import Gateway
from kit.postgres import OwnServer, serving_own
from kit.redis_server import RedisPlace, RedisServer, redis_server

NODES = 3
_OUTAGE_SECONDS = 1.0
_WHILE_AWAY = "loop step failed, will retry"
"""What every loop says whose database is away; it is no trouble then."""


def plan_for_fleet(seed: int, runs: int) -> Plan:
    """Runs that take long enough for deaths and pauses to hit several at once."""
    return Plan(seed, runs, clients=16, threads=40, longest_pause=0.2)


@dataclass(frozen=True)
class Ground:
    """What the gateways stand on."""

    postgres: OwnServer
    redis: RedisServer

    async def restart_postgres(self) -> None:
        """Stop it, for long enough that everybody notices, and start it again."""
        await asyncio.to_thread(self.postgres.stop)
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(self.postgres.start)

    async def restart_redis(self) -> None:
        """Kill it, with all that it holds, and start it again."""
        self.redis.kill()
        await asyncio.sleep(_OUTAGE_SECONDS)
        await asyncio.to_thread(self.redis.start)

    async def flush_redis(self) -> None:
        """Let it forget everything."""
        await asyncio.to_thread(RedisPlace(self.redis.uri).forget)

    @property
    def faults(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {"postgres": self.restart_postgres, "redis": self.restart_redis, "flush": self.flush_redis}


async def fleet_chaos(folder: Path, plan: Plan, faults: Sequence[str]) -> Outcome:
    """Load the gateways, and let all faults happen, spread over the load in a random order: each hits another node."""
    began = time.monotonic()
    with ExitStack() as stack:
        ground = Ground(stack.enter_context(serving_own()), stack.enter_context(redis_server()))
        victims = [Victim(_node(folder, number, ground)) for number in range(NODES)]
        for victim in victims:
            stack.callback(victim.gateway.kill)
        await asyncio.gather(*(victim.start() for victim in victims))
        load = Load(victims, plan)
        loading = asyncio.create_task(load.run())
        try:
            await _befall(ground, victims, load, loading, faults)
            await loading
        finally:
            loading.cancel()
        final = await read_final(victims, load.history, folder)
        complaints = [line for victim in victims for line in await end(victim)]
    wanted = [line for line in complaints if "postgres" not in faults or _WHILE_AWAY not in line]
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, wanted, time.monotonic() - began)


async def _befall(
    ground: Ground, victims: Sequence[Victim], load: Load, loading: asyncio.Task[None], faults: Sequence[str]
) -> None:
    random, turns = Random(load.plan.seed), cycle(victims)
    for number, fault in enumerate(random.sample(faults, len(faults)), 1):
        await until(loading, load, load.plan.runs * number // (len(faults) + 1))
        if happen := ground.faults.get(fault):
            await happen()
        else:
            await next(turns).befall(fault)


def _node(folder: Path, number: int, ground: Ground) -> Gateway:
    shared = {"DATABASE_URI": ground.postgres.uri, "REDIS_URI": ground.redis.uri}
    return Gateway(folder / f"node-{number}", settings_for_chaos(folder) | shared, GRAPHS)
