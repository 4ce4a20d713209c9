"""Three gateways on one PostgreSQL and one Redis under load, while faults befall them and what they stand on."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

from chaos.audit import begin_audit, read_audit
from chaos.checker import Checker
from chaos.faults import CUT_SHORT, WHILE_AWAY, marks_file
from chaos.ground import GROUND_FAULTS, Ground
from chaos.history import Befallen, History
from chaos.load import Load, Plan
from chaos.node import NODE_FAULTS, Node, open_node
from chaos.pacing import DEATHS, Pace
from chaos.scenario import Outcome, end, read_final
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
            await _befall(ground, nodes, Pace(load, loading, marks_file(folder)), faults)
            await loading
        finally:
            loading.cancel()
        final = await read_final(nodes, load.history, folder)
        final = replace(final, writes=read_audit(ground.postgres.uri))
        complaints = [line for node in nodes for line in await end(node)]
    wanted = [line for line in complaints if WHILE_AWAY not in line and CUT_SHORT not in line]
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, wanted, time.monotonic() - began)


async def _befall(ground: Ground, nodes: Sequence[Node], pace: Pace, faults: Sequence[str]) -> None:
    blows = _blows(Random(pace.load.plan.seed), faults)
    for number, blow in enumerate(blows, 1):
        await pace.turn(number, len(blows))
        turns = deque(nodes)
        turns.rotate(number)
        if blow[0] in DEATHS:
            busy = await pace.at_work(turns)
            turns = deque(sorted(turns, key=lambda node: node not in busy))
        async with asyncio.TaskGroup() as at_once:
            for fault, node in zip(blow, turns, strict=False):
                at_once.create_task(_happen(fault, ground, node, pace.load.history))


def _blows(random: Random, faults: Sequence[str]) -> list[Sequence[str]]:
    """What happens at once: faults of two nodes, a death first, or one of what all stand on."""
    shuffled = random.sample(faults, len(faults))
    of_nodes = [fault for fault in shuffled if fault in NODE_FAULTS]
    of_all = [[fault] for fault in shuffled if fault in GROUND_FAULTS]
    pairs = (of_nodes[place : place + 2] for place in range(0, len(of_nodes), 2))
    blows = [*(sorted(pair, key=lambda fault: fault not in DEATHS) for pair in pairs), *of_all]
    return random.sample(blows, len(blows))


async def _happen(fault: str, ground: Ground, node: Node, history: History) -> None:
    began = time.monotonic()
    if fault in GROUND_FAULTS:
        await GROUND_FAULTS[fault](ground)
    else:
        await NODE_FAULTS[fault](node)
    whom = node.gateway.data_dir.name if fault in NODE_FAULTS else "all"
    history.befallen.append(Befallen(fault, whom, began, time.monotonic()))
