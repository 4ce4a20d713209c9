"""Two gateways on one PostgreSQL and one Redis behind a balancer, and what may befall them during a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from fleet import Fleet, fleet
from gateway import Gateway
from kit.balancer import balancing
from kit.orders import Orders, taking_orders
from kit.postgres import Server

GRAPHS = Path(__file__).with_name("langgraph.json")
_BEGUN_SECONDS = 30
_PAUSE_SECONDS = 0.01
_SETTINGS = {
    "SAMPLE_TOKEN_DELAY": "0.03",
    # so that what one had that was killed goes on soon, also on a machine that is busy with a browser
    "RUNLINE_WORKERS__LEASE_SECONDS": "2",
    # of the tests' own page
    "RUNLINE_SERVER__CORS_ORIGINS": '["http://page.test"]',
}


@dataclass(frozen=True)
class Pair:
    """`url` is the balancer's, `orders` where tests in JavaScript let things befall the nodes."""

    nodes: list[Gateway]
    url: str
    orders: str


@contextmanager
def pair(folder: Path, postgres: Server, redis_uri: str) -> Iterator[Pair]:
    """A pair of its own. At its end both must stop when asked, and their logs be clean."""
    with fleet(folder, postgres, redis_uri, **_SETTINGS) as made:
        made.graphs = GRAPHS
        nodes = [made.node().start(), made.node().start()]
        with balancing(folder, nodes) as url, taking_orders(_orders(made)) as orders:
            yield Pair(nodes, url, orders)


def _orders(made: Fleet) -> Orders:
    def kill_worker() -> None:
        """SIGKILL for the one that executes a run; it stays away."""
        _worker(made.nodes).kill()

    def kill_other() -> None:
        """SIGKILL for one that executes none."""
        worker = _worker(made.nodes)
        next(node for node in made.nodes if node is not worker).kill()

    def heal() -> None:
        """Start again what was killed."""
        for node in made.nodes:
            if not node.process:
                node.start()

    def roll() -> None:
        """Restart one after the other, as a rollout does."""
        for node in made.nodes:
            node.stop()
            node.start()

    return {"kill-worker": kill_worker, "kill-other": kill_other, "heal": heal, "roll": roll}


def _worker(nodes: list[Gateway]) -> Gateway:
    """The one that executes a run, which somebody has begun."""
    deadline = time.monotonic() + _BEGUN_SECONDS
    while not (working := [node for node in nodes if _live_runs(node)]):
        assert time.monotonic() < deadline, "No node executes a run"
        time.sleep(_PAUSE_SECONDS)
    return working[0]


def _live_runs(node: Gateway) -> bool:
    return "runline_live_runs 0.0" not in httpx.get(f"{node.url}/metrics", timeout=30).text
