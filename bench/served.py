"""Servers in processes of their own, serving the sample agents without their pauses, and what they cost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

AGENTS = Path(__file__).parents[1] / "examples" / "agents"
_START_SECONDS = 30.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A server under measurement."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """The CPU time, user and system, that its process has used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_mib(self) -> float:
        """Its memory in RAM."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def gateway() -> Iterator[Server]:
    """A gateway on a fresh data folder, with every setting at its default."""
    with TemporaryDirectory() as data_dir:
        command = [sys.executable, "-m", "runline", "serve", "--port", "{port}"]
        command += ["--graphs", str(AGENTS / "langgraph.json"), "--data-dir", data_dir]
        with _serving(command, data_dir) as server:
            yield server


@contextmanager
def minimal() -> Iterator[Server]:
    """The minimal server."""
    with _serving([sys.executable, str(Path(__file__).with_name("minimal.py")), "{port}"], ".") as server:
        yield server


@contextmanager
def _serving(command: list[str], folder: str) -> Iterator[Server]:
    port = _free_port()
    env = {**os.environ, "SAMPLE_TOKEN_DELAY": "0", "RUNLINE_LOG__LEVEL": "warning"}
    filled = [part.format(port=port) for part in command]
    with subprocess.Popen(filled, env=env, stdout=subprocess.DEVNULL, cwd=folder) as process:
        try:
            server = Server(f"http://127.0.0.1:{port}", process.pid)
            _wait_ready(server.url)
            yield server
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_ready(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/ready").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError(f"the server at {url} was not ready within {_START_SECONDS} s")
