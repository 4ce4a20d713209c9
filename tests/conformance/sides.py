"""Both servers, each in a process of its own on a folder of its own, with the same graphs and default settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.launching import Launched, official_arguments
from bench.ports import free_port
from gateway import Gateway

AGENTS = Path(__file__).parent / "agents"
_JOBS = 20


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
        port, project = free_port(), _project(folder / "official")
        told = [str(command.absolute()), *official_arguments(port, project, _JOBS)]
        official = Launched.of(told, _environment(), project.parent)
        stack.callback(official.end)
        gateway.start()
        official.wait("official", port, "/ok")
        yield Servers(f"http://127.0.0.1:{port}", gateway)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("LANG", "RUNLINE_"))}


def _project(folder: Path) -> Path:
    shutil.copytree(AGENTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder / "langgraph.json"
