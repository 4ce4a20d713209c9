"""A TCP proxy before a server on a socket file or port; while it pauses, it takes bytes and hands none on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Proxy:
    """Where it listens, and whether it lets bytes pass."""

    port: int = 0
    _passing: asyncio.Event = field(default_factory=asyncio.Event)
    _pumps: set[asyncio.Task[None]] = field(default_factory=set)

    def pause(self) -> None:
        self._passing.clear()

    def resume(self) -> None:
        self._passing.set()

    async def join(self, behind: Path | int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        task = asyncio.current_task()
        assert task
        self._pumps.add(task)
        answers, questions = await _connected(behind)
        try:
            # asyncio's server complains of a client's task that is cancelled
            with suppress(asyncio.CancelledError):
                await asyncio.gather(self._pump(reader, questions), self._pump(answers, writer))
        finally:
            self._pumps.discard(task)
            for end in (writer, questions):
                end.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await source.read(65536):
                await self._passing.wait()
                sink.write(some)
                await sink.drain()
        sink.close()

    async def close(self) -> None:
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)


async def _connected(behind: Path | int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(behind, Path):
        return await asyncio.open_unix_connection(behind)
    return await asyncio.open_connection("127.0.0.1", behind)


@asynccontextmanager
async def standing_before(behind: Path | int) -> AsyncIterator[Proxy]:
    """A proxy that lets bytes pass, on the loopback."""
    proxy = Proxy()
    proxy.resume()
    server = await asyncio.start_server(lambda *ends: proxy.join(behind, *ends), "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.resume()
        await proxy.close()
