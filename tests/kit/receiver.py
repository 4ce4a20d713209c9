"""Somebody's HTTP server that webhooks are sent to: it writes down what comes, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from kit.waiting import wait_until


@dataclass(frozen=True)
class Received:
    """One call; names of headers in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """`answers` are used up one by one: a status line with headers, or None for silence; then it answers 200."""

    port: int = 0
    calls: list[Received] = field(default_factory=list)
    answers: deque[str | None] = field(default_factory=deque)
    at_once: int = 0
    most_at_once: int = 0

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        """Where it listens."""
        return f"http://{host}:{self.port}{path}"

    async def called(self, times: int = 1, *, timeout: float = 30.0) -> Received:
        """Wait until it was called so often, and return the newest call."""
        await wait_until(lambda: len(self.calls) >= times, timeout=timeout)
        return self.calls[-1]

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one call."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
            fields = (line.partition(":") for line in lines if line)
            headers = {name.lower(): value.strip() for name, _, value in fields}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.calls.append(Received(head.split()[1], headers, body))
            answer = self.answers.popleft() if self.answers else "200 OK"
            if answer is None:
                await reader.read()
            else:
                writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            # whoever called was killed
            pass
        finally:
            self.at_once -= 1
            writer.close()


@asynccontextmanager
async def receiving(*answers: str | None, port: int = 0, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a port of this machine."""
    receiver = Receiver(answers=deque(answers))
    server = await asyncio.start_server(receiver.handle, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
