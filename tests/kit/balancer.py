"""HAProxy before gateways, as operators have it: each request goes to the next one that lives; no session sticks."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.ports import free_port
from gateway import Gateway

_START_SECONDS = 60
_PAUSE_SECONDS = 0.01

_CONFIG = """
defaults
    mode http
    timeout connect 1s
    timeout check 10s
    timeout client 1m
    timeout server 1m
    timeout tunnel 1h
    retries 3
    option redispatch
listen gateways
    bind 127.0.0.1:{port}
    balance roundrobin
    option httpchk GET /ready
    default-server check inter 200ms fall 1 rise 1
"""
"""What was sent to a node is never sent again to another; only a connection that is refused is tried elsewhere."""


@contextmanager
def balancing(folder: Path, nodes: Sequence[Gateway]) -> Iterator[str]:
    """The address of a balancer before nodes of which at least one serves."""
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    assert haproxy, "Install haproxy first; `make test` does."
    port = free_port()
    lines = [f"    server node-{number} 127.0.0.1:{node.port}" for number, node in enumerate(nodes)]
    config = folder / "haproxy.cfg"
    config.write_text("\n".join([_CONFIG.format(port=port), *lines, ""]))
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([haproxy, "-db", "-f", str(config)], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_serving(process, url, Path(log.name))
        yield url
    finally:
        process.kill()
        process.wait()


def _until_serving(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _serves(url):
        assert process.poll() is None, f"The balancer did not start:\n{log.read_text()}"
        assert time.monotonic() < deadline, "The balancer did not serve"
        time.sleep(_PAUSE_SECONDS)


def _serves(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready").status_code == 200
    except httpx.TransportError:
        return False
