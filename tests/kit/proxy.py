"""A TCP proxy before a server, on a socket file or a port of the loopback: silent, slow or cut when told to be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Proxy:
    """Where it listens, and whether and when it lets bytes pass."""

    behind: Path | int
    port: int = 0
    said: list[bytearray] = field(default_factory=list)
    """By each connection what its client has said, if it is `listening`."""
    listening: bool = False
    connections: int = 0
    """How many there have been so far."""
    _delay_seconds: float = 0.0
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    def pause(self) -> None:
        """Keep all connections, take bytes and hand none on; whoever connects finds nobody."""
        self._passing.clear()

    def resume(self) -> None:
        """Let pass what was held back, and what comes."""
        self._passing.set()

    def cut(self) -> None:
        """End all connections; what was held back is lost."""
        for pump in self._pumps:
            pump.cancel()

    def slow(self, seconds: float) -> None:
        """Hold up each piece for so long; 0 ends it."""
        self._delay_seconds = seconds

    async def join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        task = asyncio.current_task()
        assert task
        self._pumps.add(task)
        self.connections += 1
        ends = [writer]
        try:
            # asyncio's server complains of a client's task that is cancelled
            with suppress(asyncio.CancelledError, OSError):
                await self._passing.wait()
                answers, questions = await self._reach()
                ends.append(questions)
                await asyncio.gather(self._pump(reader, questions, self._tape()), self._pump(answers, writer))
        finally:
            self._pumps.discard(task)
            for end in ends:
                end.close()

    async def _reach(self) -> _Ends:
        if isinstance(self.behind, Path):
            return await asyncio.open_unix_connection(self.behind)
        return await asyncio.open_connection("127.0.0.1", self.behind)

    def _tape(self) -> bytearray | None:
        if not self.listening:
            return None
        self.said.append(bytearray())
        return self.said[-1]

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, tape: bytearray | None = None
    ) -> None:
        with suppress(OSError):
            while some := await source.read(65536):
                if tape is not None:
                    tape += some
                if self._delay_seconds:
                    await asyncio.sleep(self._delay_seconds)
                await self._passing.wait()
                sink.write(some)
                await sink.drain()
        sink.close()

    async def close(self) -> None:
        """End all connections, and wait until they have ended."""
        self.cut()
        await asyncio.gather(*self._pumps, return_exceptions=True)


@asynccontextmanager
async def standing_before(behind: Path | int) -> AsyncIterator[Proxy]:
    """A proxy that lets bytes pass, on the loopback."""
    proxy = Proxy(behind)
    proxy.resume()
    server = await asyncio.start_server(proxy.join, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.resume()
        await proxy.close()
