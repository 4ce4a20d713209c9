"""A gateway in a process of its own, as operators run it, and patience for what happens in it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bench.ports import free_port
from kept import Kept
from kit.postgres import everything_in
from kit.redis_server import RedisPlace
from shared import TAKEOVER_SECONDS, wanted_place

HERE = Path(__file__).parent
GRAPHS = HERE / "graphs_under_test" / "langgraph.json"

_POLL_SECONDS = 0.01
_START_SECONDS = 90
_STOP_SECONDS = 30
_QUIET_SECONDS = 30 + TAKEOVER_SECONDS
_ANSWER_SECONDS = 30

SETTINGS = ("RUNLINE_", "PORT", "DATABASE_URI", "POSTGRES_URI", "REDIS_URI", "REDIS_URL")
"""What the names of settings in the environment begin with."""

T = TypeVar("T")


async def wait_until(condition: Callable[[], Awaitable[T]], *, within: float = 30) -> T:
    """Ask again and again until the answer is truthy, and return it."""
    deadline = time.monotonic() + within
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"It did not happen within {within} seconds; the last answer was {answer!r}")
        await asyncio.sleep(_POLL_SECONDS)
    return answer


@dataclass
class Gateway:
    """`runline serve` on a data folder: it can be stopped, killed and started again, and keeps its address.

    `command`: perhaps with more flags, or `runline worker`.
    """

    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    graphs: Path = GRAPHS
    prefix: str = ""
    port: int = field(default_factory=free_port)
    command: Sequence[str] = ("serve",)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its API stands."""
        return f"http://127.0.0.1:{self.port}{self.prefix}"

    @property
    def log_file(self) -> Path:
        """What it has said on standard error, over all its starts."""
        return self.data_dir.with_suffix(".log")

    def start(self) -> Gateway:
        """Start it and wait until it answers."""
        arguments = [*self.command, "--port", str(self.port), "--graphs", str(self.graphs)]
        arguments += ["--config", os.devnull]  # not what lies in the working directory
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "runline", *arguments],
                env=_environment({"RUNLINE_DATA_DIR": str(self.data_dir), **self.settings}),
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The gateway did not start:\n{self.log_file.read_text()}")
            time.sleep(_POLL_SECONDS)
        return self

    def until_quiet(self) -> None:
        """Wait until no run is pending or running."""
        deadline = time.monotonic() + _QUIET_SECONDS
        while any((queue := self._metrics()["queue"]).values()):
            assert time.monotonic() < deadline, f"Runs were left behind: {queue}"
            time.sleep(_POLL_SECONDS)

    def _metrics(self) -> Any:
        return httpx.get(f"{self.url}/metrics?format=json", timeout=_ANSWER_SECONDS).json()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Ask it to stop, as an operator does, and wait until it has."""
        if self.process:
            self.ask_to_stop()
            self.until_stopped()

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self.process:
            self.process.terminate()

    def until_stopped(self) -> None:
        """Wait until it has obeyed, with exit code 0."""
        if self.process:
            code = self.process.wait(_STOP_SECONDS)
            self.process = None
            assert code == 0, f"SIGTERM ended the gateway with code {code}:\n{self.log_file.read_text()}"

    def kill(self) -> None:
        """End it without warning, as a power failure does."""
        if self.process:
            self.process.kill()
            self.process.wait(_STOP_SECONDS)
            self.process = None

    @property
    def kept(self) -> Kept:
        """What it keeps."""
        return Kept(self.data_dir, self.settings.get("DATABASE_URI"))

    def stored(self) -> bytes:
        """All that it keeps, byte by byte or row by row."""
        if uri := self.settings.get("DATABASE_URI"):
            return everything_in(uri)
        return b"".join(file.read_bytes() for file in self.data_dir.iterdir() if file.is_file())

    def lose_redis(self) -> None:
        """Lose what Redis keeps for a while, if there is one: what was in memory alone goes with its process then."""
        if uri := self.settings.get("REDIS_URI"):
            RedisPlace(uri, self.settings["RUNLINE_REDIS__PREFIX"]).empty()

    def complaints(self) -> list[str]:
        """Log lines that no healthy gateway writes. The traceback of a graph that failed is not one of them."""
        return [line for line in self.log_file.read_text().splitlines() if _is_complaint(line)]


@contextmanager
def serving(
    data_dir: Path, settings: Mapping[str, str] | None = None, graphs: Path = GRAPHS, prefix: str = ""
) -> Iterator[Gateway]:
    """A gateway that serves. At the end no run may be left on it, it must stop when asked, and its log be clean."""
    with wanted_place() as where:
        own = Gateway(data_dir, {**where, **(settings or {})}, graphs, prefix)
        try:
            yield own.start()
            own.until_quiet()
            own.stop()
            assert own.complaints() == []
        finally:
            own.kill()


def _is_complaint(line: str) -> bool:
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return True
    return record["level"] in ("error", "critical") or ("exception" in record and record["event"] != "run failed")


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Without the settings of whoever runs the tests; one JSON object for each line of the log."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**kept, "RUNLINE_LOG__FORMAT": "json", **settings}
