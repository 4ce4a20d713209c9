"""Streams of the agent streaming protocol, cut at any byte and taken up again: live, over restarts, on other nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx

from fleet import fleet
from gateway import Gateway
from kit.postgres import serving_postgres
from kit.redis_server import shared_redis
from races.agent_readers import compare, readers_of
from races.arena import arena
from races.findings import Findings
from runline.kit.ids import new_id

_NUMBERS = 200
_PAUSE_SECONDS = 0.006
_READERS = 8
_SITUATIONS = {"live": (), "over SIGTERM and kill -9": (False, True)}
"""The restarts in the middle of the run; True: by SIGKILL."""
_GRACE = {"RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "0.2"}
_GRAPHS = Path(__file__).parent / "langgraph.json"


@dataclass(frozen=True)
class _Ground:
    """Gateways that serve the same threads, a client of them, and what is found there."""

    nodes: Sequence[Gateway]
    http: httpx.AsyncClient
    random: Random
    findings: Findings

    async def until_cut(self, wanted: int, title: str, restarts: Sequence[bool] = ()) -> None:
        """Runs, one after the other, until so many streams of them were cut."""
        before = self._cuts
        while self._cuts - before < wanted:
            await self._one_run(title, restarts)

    @property
    def _cuts(self) -> int:
        return sum(count for name, count in self.findings.counts.items() if name.startswith("cuts, "))

    async def _one_run(self, title: str, restarts: Sequence[bool]) -> None:
        path, urls = f"/threads/{new_id()}", [node.url for node in self.nodes]
        params = {"assistant_id": "counter", "input": {"count": _NUMBERS, "pause": _PAUSE_SECONDS}}
        command = {"id": 1, "method": "run.start", "params": params}
        started = (await self.http.post(f"{self.random.choice(urls)}{path}/commands", json=command)).json()
        readers = readers_of(urls, path, self.random, _READERS)
        reading = [asyncio.create_task(reader.read(self.http)) for reader in readers]
        for kill in restarts:
            await asyncio.sleep(self.random.random() * _NUMBERS * _PAUSE_SECONDS / 4)
            await asyncio.to_thread(_restart, self.nodes[0], kill=kill)
        await asyncio.gather(*reading)
        whole = await compare(self.findings, self.http, readers, title)
        self.findings.expect(started["result"]["run_id"] in next(iter(whole.events)), "another run was told")


def _restart(gateway: Gateway, *, kill: bool) -> None:
    if kill:
        gateway.kill()
    else:
        gateway.stop()
    gateway.start()


async def agent_cuts(folder: Path, wanted: int, seed: int) -> Findings:
    """Cut so many times over all situations of one gateway, and compare what was read with what is replayed at last."""
    async with arena(folder, f"{wanted} cuts of agent streams", seed, **_GRACE) as place:
        ground = _Ground([place.gateway], place.http, place.random, place.findings)
        for title, restarts in _SITUATIONS.items():
            await ground.until_cut(-(-wanted // len(_SITUATIONS)), title, restarts)
    return place.findings


async def node_cuts(folder: Path, wanted: int, seed: int) -> Findings:
    """Cut so many times on one node of two, and go on with the other, on PostgreSQL and Redis."""
    findings = Findings(f"{wanted} cuts of agent streams over two nodes")
    await asyncio.to_thread(folder.mkdir, parents=True)
    with serving_postgres() as postgres, shared_redis() as redis, fleet(folder, postgres, redis) as several:
        several.graphs = _GRAPHS
        nodes = [several.node().start() for _ in range(2)]
        async with httpx.AsyncClient(timeout=30) as http:
            ground = _Ground(nodes, http, Random(seed), findings)
            await ground.until_cut(wanted, "on one node, resumed on the other")
    return findings
