"""Servers in processes of their own, each of which answers before it is used and leaves no child behind."""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from bench.meter import Tree

_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_PAUSE_SECONDS = 0.02
_TOLD_CHARACTERS = 3000


class StartError(Exception):
    """A server did not answer; the end of its log tells why."""


@dataclass(frozen=True)
class Launched:
    """A process that begins to serve. What it says is in `log_file`."""

    process: subprocess.Popen[bytes]
    tree: Tree
    log_file: Path

    @classmethod
    def of(cls, command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Self:
        """Start it in a folder, where its log is, too."""
        log_file = folder / "log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        return cls(process, Tree(psutil.Process(process.pid)), log_file)

    def wait(self, name: str, port: int, path: str) -> None:
        """Wait until it answers there with 200. Raises StartError, which tells its name."""
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(port, path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StartError(f"the {name} server did not start: ...{self.log_file.read_text()[-_TOLD_CHARACTERS:]}")
            time.sleep(_PAUSE_SECONDS)

    def end(self) -> None:
        """Kill it and its children, by their ids: nothing of what they hold is kept, and a drain would take time."""
        for member in list(self.tree.processes()) if self.process.poll() is None else []:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self.process.wait(_STOP_SECONDS)


def official_arguments(port: int, project: Path, jobs: int) -> list[str]:
    """What the official `langgraph` is to be told; `jobs`: how many runs it executes at once."""
    quietly = ["dev", "--no-browser", "--no-reload"]
    return [*quietly, "--port", str(port), "--config", str(project), "--n-jobs-per-worker", str(jobs)]


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
