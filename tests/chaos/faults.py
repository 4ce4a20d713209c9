"""What befalls the gateway: killed, told to stop, paused for longer than its leases. It comes back each time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chaos.agent import MARKS
from chaos.history import Life
from gateway import Gateway

LEASE_SECONDS = 1.0
PAUSE_SECONDS = 1.5 * LEASE_SECONDS
WHILE_AWAY = "loop step failed, will retry"
"""What every loop says whose database is away; it is no trouble then."""

CUT_SHORT = "timeout graceful shutdown exceeded"
"""What the server says as it stops, of an answer that waits for an absent database for longer than the shutdown may."""

GRAPHS = Path(__file__).parent / "langgraph.json"


def gateway_for_chaos(folder: Path, **settings: str) -> Gateway:
    """A gateway with short leases, which gives up on no run; its marks are in `folder`."""
    return Gateway(folder / "data", settings_for_chaos(folder) | settings, GRAPHS)


def settings_for_chaos(folder: Path) -> dict[str, str]:
    """Its settings."""
    return {
        "RUNLINE_WORKERS__LEASE_SECONDS": str(LEASE_SECONDS),
        "RUNLINE_WORKERS__SHUTDOWN_GRACE_SECONDS": "0.2",
        "RUNLINE_WORKERS__MAX_ATTEMPTS": "1000",
        MARKS: str(marks_file(folder)),
    }


def marks_file(folder: Path) -> Path:
    """Where the graph marks its steps."""
    return folder / "marks"


@dataclass
class Victim:
    """A gateway and its lives. Clients that got no answer wait for `up`."""

    gateway: Gateway
    lives: list[Life] = field(default_factory=list)
    up: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Begin a life."""
        started_at = time.monotonic()
        await asyncio.to_thread(self.gateway.start)
        self.lives.append(Life(self._pid, started_at, time.monotonic()))
        self.up.set()

    @property
    def _pid(self) -> int:
        process = self.gateway.process
        assert process
        return process.pid

    async def kill(self) -> None:
        """SIGKILL, and the next life."""
        self.up.clear()
        await asyncio.to_thread(self.gateway.kill)
        await self._again("kill")

    async def stop(self) -> None:
        """SIGTERM, which it has to obey, and the next life."""
        self.up.clear()
        await asyncio.to_thread(self.gateway.stop)
        await self._again("stop")

    async def pause(self) -> None:
        """SIGSTOP for longer than a lease holds, then SIGCONT: the same life goes on."""
        with self.standing_still():
            os.kill(self._pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(PAUSE_SECONDS)
            finally:
                os.kill(self._pid, signal.SIGCONT)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Write down that others may go on with its runs from now on."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.lives[-1].pauses.append((began, time.monotonic()))

    async def suicide(self) -> None:
        """Wait until it dies by itself, and begin the next life."""
        process = self.gateway.process
        assert process
        await asyncio.to_thread(process.wait, 30)
        self.up.clear()
        self.gateway.kill()
        await self._again("suicide")

    async def _again(self, by: str) -> None:
        self.lives[-1].died_at = time.monotonic()
        self.lives[-1].by = by
        await self.start()

    async def befall(self, fault: str) -> None:
        """Do the fault of this name."""
        await FAULTS[fault](self)


FAULTS: Mapping[str, Callable[[Victim], Awaitable[None]]] = {
    "kill": Victim.kill,
    "stop": Victim.stop,
    "pause": Victim.pause,
}


async def any_up(victims: Sequence[Victim]) -> None:
    """Wait until one of them serves."""
    waits = [asyncio.create_task(victim.up.wait()) for victim in victims]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
