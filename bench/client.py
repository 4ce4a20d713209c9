"""A cheap HTTP client: the load must not cost more than what it measures.

One request at a time per connection, connections are kept; answers are parsed in C and can be read piece by piece.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast

import httptools

Reader = Callable[[bytes], bool | None]
"""Takes each piece of an answer's body as it comes; a true answer means: enough, hang up."""

TIMEOUT_SECONDS = 120.0


class RefusedError(Exception):
    """A server answered a request with a status of 400 or more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered. The body is empty where a reader has taken it."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._reader: Reader | None = None
        self._answered: asyncio.Future[Answer] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    @property
    def usable(self) -> bool:
        """Whether another request can be sent."""
        return not self._transport.is_closing()

    def close(self) -> None:
        self._transport.abort()

    async def ask(self, request: bytes, reader: Reader | None) -> Answer:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        self._reader = reader
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answered

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(exc or ConnectionResetError("the server hung up before its answer's end"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, piece: bytes) -> None:
        if self._answered is None or self._answered.done():
            return  # what was on its way when the reader hung up
        if self._reader is None or self._parser.get_status_code() >= 400:
            self._pieces.append(piece)
        elif self._reader(piece):
            self.close()
            self.on_message_complete()

    def on_message_complete(self) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_result(Answer(self._parser.get_status_code(), self._headers, b"".join(self._pieces)))


class Client:
    """As many connections to one server as there are requests at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[_Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        while self._idle:
            self._idle.pop().close()
        await asyncio.sleep(0)  # the event loop closes what was aborted in its next round

    async def get(self, path: str, *, reader: Reader | None = None, after: str | None = None) -> Answer:
        """GET; `after` goes as Last-Event-ID."""
        return await self._send("GET", path, b"", reader, f"Last-Event-ID: {after}\r\n" if after else "")

    async def post(self, path: str, body: Any, *, reader: Reader | None = None) -> Answer:
        """POST as JSON."""
        return await self._send("POST", path, json.dumps(body).encode(), reader)

    async def _send(self, method: str, path: str, body: bytes, reader: Reader | None, headers: str = "") -> Answer:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{headers}"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        connection = await self._connection()
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await connection.ask(request, reader)
        except BaseException:
            connection.close()
            raise
        if connection.usable:
            self._idle.append(connection)
        if answer.status >= 400:
            raise RefusedError(f"{method} {path}: {answer.status} {answer.body[:300].decode(errors='replace')}")
        return answer

    async def _connection(self) -> _Connection:
        while self._idle:
            if (kept := self._idle.pop()).usable:
                return kept
        _, made = await asyncio.get_running_loop().create_connection(_Connection, "127.0.0.1", self.port)
        return made
