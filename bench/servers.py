"""Servers in processes of their own, with the agents of the benchmarks and every setting at its default."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench.alone import AGENT_FOLDERS, AGENTS
from bench.client import Client
from bench.meter import Meter, Tree
from bench.names import MINIMAL, OFFICIAL, OFFICIAL_JOBS, ON_REDIS
from bench.redis import redis

ROOT = Path(__file__).parents[1]
OFFICIAL_VARIABLE = "RUNLINE_BENCH_OFFICIAL"
_OFFICIAL_SHARE = 5
_START_SECONDS = 60.0
_TOLD_CHARACTERS = 1500
_STOP_SECONDS = 15.0


class StartError(Exception):
    """A server did not answer; the end of its log tells why."""


@dataclass(frozen=True)
class Server:
    """A server under measurement."""

    name: str
    port: int
    tree: Tree

    def samples(self, number: int) -> int:
        """How many of a number of samples, one after the other, are taken here: few where each waits for a poll."""
        return max(number // _OFFICIAL_SHARE, 1) if self.name == OFFICIAL else number

    def client(self) -> Client:
        """A client of it."""
        return Client(self.port)

    def meter(self) -> Meter:
        """What work costs it."""
        return Meter(self.tree.cpu_seconds)


def official_command() -> str | None:
    """Where the official development server is installed, if it is."""
    return os.environ.get(OFFICIAL_VARIABLE) or shutil.which("langgraph")


@dataclass(frozen=True)
class Start:
    """How to start a server: settings of the gateway, jobs at once of the official one, the one core to keep to."""

    settings: Mapping[str, str] = field(default_factory=dict)
    jobs: int = OFFICIAL_JOBS
    core: int | None = None


def _command(name: str, port: int, project: Path, jobs: int) -> list[str]:
    if name == MINIMAL:
        return [sys.executable, "-m", "bench.minimal", str(port)]
    if name == OFFICIAL:
        dev = ["dev", "--no-browser", "--no-reload", "--port", str(port), "--config", str(project)]
        return [official_command() or "langgraph", *dev, "--n-jobs-per-worker", str(jobs)]
    data = ["--data-dir", str(project.with_name("data")), "--config", os.devnull]
    return [sys.executable, "-m", "runline", "serve", "--port", str(port), "--graphs", str(project), *data]


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
        port, log_file = free_port(), folder / "log"
        command = _command(name, port, _project(folder), start.jobs)
        with _settings(name, start) as settings, log_file.open("wb") as log, _kept_to(start.core):
            process = subprocess.Popen(command, env=_environment(settings), cwd=folder, stdout=log, stderr=log)
        server = Server(name, port, Tree(psutil.Process(process.pid)))
        try:
            _wait_ready(server, process, log_file)
            yield server
        finally:
            _end(server.tree, process)


@contextmanager
def _settings(name: str, start: Start) -> Iterator[Mapping[str, str]]:
    """The gateway's, with the Redis that it is to have."""
    if name != ON_REDIS:
        yield start.settings
        return
    with redis(free_port()) as uri:
        yield {**start.settings, "RUNLINE_REDIS__URI": uri}


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


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_ready(server: Server, process: subprocess.Popen[bytes], log_file: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(server.port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise StartError(f"the {server.name} server did not start: ...{log_file.read_text()[-_TOLD_CHARACTERS:]}")
        time.sleep(0.02)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ok", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def _end(tree: Tree, process: subprocess.Popen[bytes]) -> None:
    """Kill them, by their ids: nothing of what they hold is kept, and a drain would take its time."""
    for member in list(tree.processes()) if process.poll() is None else []:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait(_STOP_SECONDS)
