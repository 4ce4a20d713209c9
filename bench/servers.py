"""Servers in processes of their own, with the agents of the benchmarks and every setting at its default."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.aegra import AEGRA_ALIVE, aegra_command, aegra_settings
from bench.alone import AGENT_FOLDERS, AGENTS
from bench.client import Client
from bench.launching import Launched, official_arguments
from bench.meter import Meter, Tree
from bench.names import AEGRA, GATEWAY, MINIMAL, OFFICIAL, OFFICIAL_JOBS, ON_REDIS
from bench.ports import free_port
from bench.postgres import postgres
from bench.redis import redis
from bench.stores import Stores

ROOT = Path(__file__).parents[1]
OFFICIAL_VARIABLE = "RUNLINE_BENCH_OFFICIAL"
_POLLING = {OFFICIAL, AEGRA}
_THEIR_SHARE = 5


@dataclass(frozen=True)
class Server:
    """A server under measurement."""

    name: str
    port: int
    tree: Tree
    stores: Stores | None = None

    def samples(self, number: int) -> int:
        """How many of a number of samples, one after the other, are taken here: few where each waits for a poll."""
        return max(number // _THEIR_SHARE, 1) if self.name in _POLLING else number

    @property
    def alive(self) -> str:
        """The path at which it answers whether it is there, and no more."""
        return AEGRA_ALIVE if self.name == AEGRA else "/ok"

    def client(self) -> Client:
        """A client of it."""
        return Client(self.port)

    def meter(self) -> Meter:
        """What work costs it, and its stores."""
        return Meter(self.tree.cpu_seconds, stores=self.store_trees())

    def store_trees(self) -> dict[str, Tree]:
        """The processes of its stores, by name, if it has any beside it."""
        return self.stores.trees() if self.stores else {}


def official_command() -> str | None:
    """Where the official development server is installed, if it is."""
    return os.environ.get(OFFICIAL_VARIABLE) or shutil.which("langgraph")


@dataclass(frozen=True)
class Start:
    """How to start a server: settings of the gateway, jobs at once of the official one, the one core to keep to.

    `command` is the gateway's. `shared` gives it a PostgreSQL and a Redis; `stores` are those of others.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    jobs: int = OFFICIAL_JOBS
    core: int | None = None
    command: tuple[str, ...] = ("serve",)
    shared: bool = False
    stores: Stores | None = None


def _command(name: str, port: int, project: Path, start: Start) -> list[str]:
    if name == MINIMAL:
        return [sys.executable, "-m", "bench.minimal", str(port)]
    if name == OFFICIAL:
        return [official_command() or "langgraph", *official_arguments(port, project, start.jobs)]
    if name == AEGRA:
        return aegra_command(port)
    given = ["--port", str(port), "--graphs", str(project), "--config", os.devnull]
    return [sys.executable, "-m", "runline", *start.command, *given]


def _project(folder: Path) -> Path:
    """A langgraph.json beside copies of the agents: the official server looks for them where it was started."""
    for agents in AGENT_FOLDERS:
        shutil.copytree(agents, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    project = folder / "langgraph.json"
    graphs = {name: f"./{name}.py:graph" for name in AGENTS}
    project.write_text(json.dumps({"dependencies": ["."], "graphs": graphs}))
    return project


@contextmanager
def serving(name: str, start: Start = Start()) -> Iterator[Server]:
    """A server that answers, on a folder of its own. With its children it ends at the end."""
    with TemporaryDirectory(prefix="runline-bench-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        port, project = free_port(), _project(folder)
        with _stores(name, folder, start) as stores, _redis(name) as redis_settings:
            settings = {**_settings(name, project, stores), **redis_settings, **start.settings}
            with _kept_to(start.core):
                launched = Launched.of(_command(name, port, project, start), _environment(settings), folder)
            server = Server(name, port, launched.tree, stores)
            try:
                launched.wait(name, port, server.alive)
                yield server
            finally:
                launched.end()


@contextmanager
def shared_stores(folder: Path) -> Iterator[Stores]:
    """A PostgreSQL and a Redis, both empty, with all that is theirs in this folder."""
    with postgres(folder) as database, redis() as broker:
        yield Stores(database, broker)


@contextmanager
def _stores(name: str, folder: Path, start: Start) -> Iterator[Stores | None]:
    if start.stores is None and (name == AEGRA or (start.shared and name == GATEWAY)):
        with shared_stores(folder) as stores:
            yield stores
    else:
        yield start.stores


@contextmanager
def _redis(name: str) -> Iterator[Mapping[str, str]]:
    if name != ON_REDIS:
        yield {}
        return
    with redis() as broker:
        yield {"RUNLINE_REDIS__URI": broker.uri}


def _settings(name: str, project: Path, stores: Stores | None) -> dict[str, str]:
    """Where everything is kept."""
    if name == AEGRA and stores:
        return aegra_settings(project, stores)
    own = {"RUNLINE_DATA_DIR": str(project.with_name("data"))}
    if stores is None:
        return own
    return {**own, "RUNLINE_DATABASE__URI": stores.postgres.uri, "RUNLINE_REDIS__URI": stores.redis.uri}


@contextmanager
def _kept_to(core: int | None) -> Iterator[None]:
    """Processes started within inherit the core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RUNLINE_") and name != "PORT"}
    return {**kept, "PYTHONPATH": str(ROOT), "SAMPLE_TOKEN_DELAY": "0", **settings}
