"""Three gateways on one PostgreSQL and one Redis under load, while faults befall them and what they stand on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from random import Random

from chaos.audit import begin_audit, read_audit
from chaos.checker import Checker
from chaos.ground import GROUND_FAULTS, Ground
from chaos.history import Befallen
from chaos.load import Load, Plan
from chaos.node import NODE_FAULTS, Node, open_node
from chaos.scenario import Outcome, end, read_final, until
from kit.postgres import serving_own
from kit.redis_server import redis_server

_HOUR = 3600
NODES = {"ahead": _HOUR, "right": 0, "behind": -_HOUR}
"""By how many seconds their clocks are ahead."""

ALL_FAULTS = (*NODE_FAULTS, *GROUND_FAULTS)

_WHILE_AWAY = "loop step failed, will retry"
"""What every loop says whose database is away; it is no trouble then."""


def plan_for_fleet(seed: int, runs: int) -> Plan:
    """Runs that take long enough for deaths and pauses to hit several at once."""
    return Plan(seed, runs, clients=16, threads=40, longest_pause=0.2)


async def fleet_chaos(folder: Path, plan: Plan, faults: Sequence[str]) -> Outcome:
    """Load the gateways, and let all faults happen, spread over the load in a random order: each hits another node."""
    began = time.monotonic()
    async with AsyncExitStack() as stack:
        ground = Ground(stack.enter_context(serving_own()), stack.enter_context(redis_server()))
        opening = (open_node(folder, name, ground, ahead) for name, ahead in NODES.items())
        nodes = [await stack.enter_async_context(node) for node in opening]
        await asyncio.gather(*(node.start() for node in nodes))
        begin_audit(ground.postgres.uri)
        load = Load(nodes, plan)
        loading = asyncio.create_task(load.run())
        try:
            await _befall(ground, nodes, load, loading, faults)
            await loading
        finally:
            loading.cancel()
        final = await read_final(nodes, load.history, folder)
        final = replace(final, writes=read_audit(ground.postgres.uri))
        complaints = [line for node in nodes for line in await end(node)]
    wanted = [line for line in complaints if _WHILE_AWAY not in line]
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, wanted, time.monotonic() - began)


async def _befall(
    ground: Ground, nodes: Sequence[Node], load: Load, loading: asyncio.Task[None], faults: Sequence[str]
) -> None:
    random, turns = Random(load.plan.seed), cycle(nodes)
    for number, fault in enumerate(random.sample(faults, len(faults)), 1):
        await until(loading, load, load.plan.runs * number // (len(faults) + 1))
        whom, began = "all", time.monotonic()
        if fault in GROUND_FAULTS:
            await GROUND_FAULTS[fault](ground)
        else:
            node = next(turns)
            whom = node.gateway.data_dir.name
            await NODE_FAULTS[fault](node)
        load.history.befallen.append(Befallen(fault, whom, began, time.monotonic()))
