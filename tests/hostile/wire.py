"""HTTP as bytes on a socket, for what a library would refuse to send."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPResponse

Header = tuple[str, bytes]

CHUNKED: Header = ("Transfer-Encoding", b"chunked")
PROMISED_SECONDS = 1.0
"""Within which bad input is refused."""
_PATIENCE_SECONDS = 30
_TRIES = 3


@dataclass(frozen=True)
class Request:
    """One request as it is to be sent. `framed`: with a Content-Length of the body's size."""

    method: str
    target: str
    body: bytes = b""
    headers: tuple[Header, ...] = ()
    framed: bool = True

    def to_bytes(self) -> bytes:
        """What goes over the wire."""
        length = (("Content-Length", b"%d" % len(self.body)),) if self.framed else ()
        lines = [f"{self.method} {self.target} HTTP/1.1".encode(), b"Host: runline", b"Connection: close"]
        lines += [name.encode() + b": " + value for name, value in (*length, *self.headers)]
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    content_type: str
    body: bytes
    seconds: float


def chunks(*pieces: bytes) -> bytes:
    """A chunked body, without its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def ask(port: int, request: Request) -> Answer:
    """Send a request to the gateway on this port and read its whole answer."""
    began = time.monotonic()
    with _connected(port) as connection:
        # refused before it had been sent to the end: the answer is there to be read
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request.to_bytes())
        answer = HTTPResponse(connection, method=request.method)
        answer.begin()
        body = answer.read()
    return Answer(answer.status, answer.headers.get_content_type(), body, time.monotonic() - began)


def ask_promptly(port: int, request: Request) -> Answer:
    """The same, of what is to be answered as soon as promised: what is slow by itself is so each time it is asked."""
    for _ in range(_TRIES):
        answer = ask(port, request)
        if answer.seconds < PROMISED_SECONDS:
            return answer
    raise AssertionError(f"Answered with {answer.status} after {answer.seconds:.2f} s, the {_TRIES}th time as well")


def abandon(port: int, request: Request) -> bytes:
    """Send a request, say that nothing more will come, and return whatever is answered to that."""
    with _connected(port) as connection:
        connection.sendall(request.to_bytes())
        connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


@contextmanager
def _connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS) as connection:
        yield connection
