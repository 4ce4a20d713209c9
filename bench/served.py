"""A gateway in a process of its own, serving the sample agents without their pauses."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

AGENTS = Path(__file__).parents[1] / "examples" / "agents"
_START_SECONDS = 30.0


@contextmanager
def gateway() -> Iterator[str]:
    """Yield the URL of a gateway on a fresh data folder with every setting at its default."""
    with TemporaryDirectory() as data_dir:
        port = _free_port()
        command = [sys.executable, "-m", "runline", "serve", "--port", str(port)]
        command += ["--graphs", str(AGENTS / "langgraph.json"), "--data-dir", data_dir]
        env = {**os.environ, "SAMPLE_TOKEN_DELAY": "0", "RUNLINE_LOG__LEVEL": "warning"}
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, cwd=data_dir) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                _wait_ready(url)
                yield url
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
    raise TimeoutError(f"the gateway at {url} was not ready within {_START_SECONDS} s")
