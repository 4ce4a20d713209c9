"""Both servers, each in a process of its own on a folder of its own, with the same graphs and default settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from gateway import Gateway, free_port

AGENTS = Path(__file__).parent / "agents"
_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.05
_JOBS = 20
_TOLD_CHARACTERS = 3000


class StartError(Exception):
    """The official server did not answer; the end of its log tells why."""


@dataclass(frozen=True)
class Servers:
    """Where both listen, and what Runline has complained of."""

    official: str
    gateway: Gateway


@contextmanager
def both(command: Path, folder: Path) -> Iterator[Servers]:
    """Start both at once; they end with the block. `command` is the official `langgraph`."""
    settings = {"RUNLINE_SERVER__CORS_ORIGINS": '["*"]'}  # as officially, and as `runline dev` does
    gateway = Gateway(folder / "data", settings, _project(folder / "runline"))
    with ExitStack() as stack:
        stack.callback(gateway.kill)
        official = stack.enter_context(_official(command, _project(folder / "official")))
        gateway.start()
        _wait(official)
        yield Servers(official.url, gateway)


@dataclass(frozen=True)
class _Official:
    url: str
    process: subprocess.Popen[bytes]
    log_file: Path


def _project(folder: Path) -> Path:
    shutil.copytree(AGENTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "langgraph.json"


@contextmanager
def _official(command: Path, project: Path) -> Iterator[_Official]:
    port, log_file = free_port(), project.with_name("log")
    arguments = ["dev", "--no-browser", "--no-reload", "--port", str(port), "--config", str(project)]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [str(command.absolute()), *arguments, "--n-jobs-per-worker", str(_JOBS)],
            env={name: value for name, value in os.environ.items() if not name.startswith(("LANG", "RUNLINE_"))},
            cwd=project.parent,
            stdout=log,
            stderr=log,
        )
    try:
        yield _Official(f"http://127.0.0.1:{port}", process, log_file)
    finally:
        _end(process)


def _wait(official: _Official) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(official.url):
        if official.process.poll() is not None or time.monotonic() > deadline:
            log = official.log_file.read_text()[-_TOLD_CHARACTERS:]
            raise StartError(f"The official server did not start: ...{log}")
        time.sleep(_PAUSE_SECONDS)


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{url}/ok").status_code == 200
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it and its children, by their ids: what they hold is not kept."""
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait(_STOP_SECONDS)
