"""A receiver of webhooks: it keeps what is posted to it, by path."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

_WITHIN_SECONDS = 20.0


@dataclass
class Hooks:
    """What one server has posted; each path is a probe's."""

    address: str = ""
    posts: dict[str, asyncio.Queue[dict[str, Any]]] = field(default_factory=lambda: defaultdict(asyncio.Queue))
    numbers: Any = field(default_factory=lambda: count(1))

    def new(self) -> str:
        """An address of its own."""
        return f"{self.address}/{next(self.numbers)}"

    async def first(self, url: str) -> dict[str, Any]:
        """The next request to an address: {"method", "headers", "body"}. Raises TimeoutError."""
        return await asyncio.wait_for(self.posts[url.removeprefix(self.address)].get(), _WITHIN_SECONDS)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request and say yes."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        headers = dict(line.lower().split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.posts[path].put_nowait(
            {"method": method, "headers": {"content-type": headers.get("content-type")}, "body": body}
        )
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Hooks]:
    """A receiver on a free port."""
    hooks = Hooks()
    async with await asyncio.start_server(hooks.answer, "127.0.0.1", 0) as server:
        hooks.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield hooks
