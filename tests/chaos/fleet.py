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
from chaos.faults import WHILE_AWAY
from chaos.ground import GROUND_FAULTS, Ground
from chaos.history import Befallen, History
from chaos.load import Load, Plan
from chaos.node import NODE_FAULTS, Node, open_node
from chaos.scenario import Outcome, end, read_final, until
from kit.postgres import serving_own
from kit.redis_server import redis_server

_HOUR = 3600
NODES = {"ahead": _HOUR, "right": 0, "behind": -_HOUR}
"""By how many seconds their clocks are ahead."""

ALL_FAULTS = (*NODE_FAULTS, *GROUND_FAULTS)


def plan_for_fleet(seed: int, runs: int) -> Plan:
    """Runs that take long enough for deaths and pauses to hit several at once."""
    return Plan(seed, runs, clients=16, threads=40, longest_pause=0.2)


async def fleet_chaos(folder: Path, plan: Plan, faults: Sequence[str]) -> Outcome:
    """Load the gateways, and let all faults happen, spread over the load in a random order, some two at once."""
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
    wanted = [line for line in complaints if WHILE_AWAY not in line]
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, wanted, time.monotonic() - began)


async def _befall(
    ground: Ground, nodes: Sequence[Node], load: Load, loading: asyncio.Task[None], faults: Sequence[str]
) -> None:
    turns = cycle(nodes)
    blows = _blows(Random(load.plan.seed), faults)
    for number, blow in enumerate(blows, 1):
        await until(loading, load, load.plan.runs * number // (len(blows) + 1))
        async with asyncio.TaskGroup() as at_once:
            for fault in blow:
                at_once.create_task(_happen(fault, ground, next(turns), load.history))


def _blows(random: Random, faults: Sequence[str]) -> list[Sequence[str]]:
    """What happens at once: faults of two nodes, or one of what all stand on."""
    shuffled = random.sample(faults, len(faults))
    of_nodes = [fault for fault in shuffled if fault in NODE_FAULTS]
    of_all = [[fault] for fault in shuffled if fault in GROUND_FAULTS]
    blows = [*(of_nodes[place : place + 2] for place in range(0, len(of_nodes), 2)), *of_all]
    return random.sample(blows, len(blows))


async def _happen(fault: str, ground: Ground, node: Node, history: History) -> None:
    began = time.monotonic()
    if fault in GROUND_FAULTS:
        await GROUND_FAULTS[fault](ground)
    else:
        await NODE_FAULTS[fault](node)
    whom = node.gateway.data_dir.name if fault in NODE_FAULTS else "all"
    history.befallen.append(Befallen(fault, whom, began, time.monotonic()))
