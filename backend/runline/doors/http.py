"""What all doors share: reading bodies, rendering errors, streaming answers, who is calling."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runline.core import Core
from runline.errors import Invalid, RunlineError
from runline.kit.json import depth_exceeds, dumps, loads
from runline.model.viewer import ANONYMOUS, Viewer

log = structlog.get_logger()

INVALID_JSON = "Invalid JSON in request body"

_MOST_CONTAINERS = 200_000
"""Each costs some fifty times its two bytes, and time in which nobody else is served."""

_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

_REFUSAL = {
    "application/json": {
        "schema": {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    }
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Refused: `detail` says why", "content": _REFUSAL},
    "5XX": {"description": "Failed, or not possible now: `detail` says why", "content": _REFUSAL},
}
"""What the API's document says of errors: their one shape."""

EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The run's events", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
}
"""What it says of a stream."""


@dataclass(frozen=True, slots=True)
class WireOptions:
    """Limits of one request and the pace of streams, in bytes, levels and seconds."""

    max_body_bytes: int
    max_nesting: int
    max_batch: int
    max_metadata_bytes: int
    heartbeat_seconds: float
    send_timeout_seconds: float

    def check_metadata(self, metadata: Mapping[str, Any]) -> None:
        """Raise Invalid for metadata that is too large."""
        if len(dumps(metadata)) > self.max_metadata_bytes:
            raise Invalid(f"metadata: must not be larger than {self.max_metadata_bytes} bytes of JSON")


def get_wire(request: Request) -> WireOptions:
    """The wire options of the app that the request came to."""
    options: WireOptions = request.app.state.wire
    return options


@dataclass(frozen=True, slots=True)
class Call:
    """What every route needs: the core to call, on whose behalf, and how to answer."""

    core: Core
    viewer: Viewer
    wire: WireOptions


async def get_call(request: Request) -> Call:
    """Everybody is the same viewer while authentication is off."""
    return Call(request.app.state.core, ANONYMOUS, get_wire(request))


CallDep = Annotated[Call, Depends(get_call)]


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON: compact, UTF-8, and never failing on what a graph's state holds."""
    return Response(dumps(value), status, headers, "application/json")


class _JsonRequest(Request):
    """A request whose body is parsed by orjson and checked for depth, whatever its content type says."""

    async def json(self) -> Any:
        body = await self.body()
        limit = get_wire(self).max_nesting
        # counting brackets is cheap; only a body that might be too much is looked at more closely
        brackets = _brackets(body)
        if brackets > _MOST_CONTAINERS and _brackets(_TEXT.sub(b"", body)) > _MOST_CONTAINERS:
            raise HTTPException(422, f"The request body holds more than {_MOST_CONTAINERS} lists and objects.")
        value = loads(body)
        if brackets > limit and depth_exceeds(value, limit):
            # FastAPI passes only this kind of exception on from the reading of a body
            raise HTTPException(422, f"The request body is nested deeper than {limit} levels.")
        return value


def _brackets(body: bytes) -> int:
    return body.count(b"[") + body.count(b"{")


class JsonRoute(APIRoute):
    """A route that reads its body by `_JsonRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            return await handler(_JsonRequest(_as_json(request.scope), request.receive))

        return handle


def _as_json(scope: Scope) -> Scope:
    """Observed: bodies are read as JSON whatever content type a client names (curl's default is a form)."""
    others = [header for header in scope["headers"] if header[0] != b"content-type"]
    return {**scope, "headers": [*others, (b"content-type", b"application/json")]}


def json_routes(tag: str) -> APIRouter:
    """A router for routes that read and write JSON."""
    return APIRouter(tags=[tag], route_class=JsonRoute, responses=REFUSALS)


def render_errors(app: FastAPI) -> None:
    """Answer every error with the platform's one shape, {"detail": "<sentence>"}."""

    @app.exception_handler(RunlineError)
    async def on_known(_request: Request, exc: Exception) -> Response:
        status = exc.status if isinstance(exc, RunlineError) else 500
        headers = {"Retry-After": "1"} if status in (429, 503) else None
        return json_response({"detail": str(exc)}, status=status, headers=headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_request: Request, exc: Exception) -> Response:
        problems = exc.errors() if isinstance(exc, RequestValidationError) else []
        return json_response({"detail": _sentence(problems[0])}, status=422)

    @app.exception_handler(ClientDisconnect)
    async def on_gone(_request: Request, _exc: Exception) -> Response:
        return Response(status_code=499)


def _sentence(problem: Mapping[str, Any]) -> str:
    place = problem["loc"]
    reason = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "json_invalid" or place == ("body",):
        return INVALID_JSON if problem["type"] in ("json_invalid", "missing") else reason
    name = ".".join(str(part) for part in place[1:])
    return f"{name}: {reason}"


class LastResort:
    """Middleware: answers what nobody foresaw with a plain 500 and keeps the connection.

    Starlette's own handler raises the exception again, which resets a connection that the client may be using.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, noting whether an answer has begun."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as exc:
            if scope["type"] != "http" or begun:
                raise
            log.exception("request failed", exc_info=exc)
            await json_response({"detail": "Internal Server Error"}, status=500)(scope, receive, send)


class BodyLimit:
    """Middleware: refuses bodies over `max_bytes` with 413, by their header or while they come in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self._max_bytes:
            await self._refuse()(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, self._sentence())
            return message

        await self._app(scope, counted, send)

    def _sentence(self) -> str:
        return f"The request body is larger than {self._max_bytes} bytes."

    def _refuse(self) -> Response:
        return json_response({"detail": self._sentence()}, status=413, headers={"Connection": "close"})


class AnswerCut(Exception):
    """Ends a LiveResponse without its end: the client is to reconnect."""


class LiveResponse(Response):
    """An answer that is written while it comes into being, kept alive by heartbeats.

    sse-starlette was looked at and left: it ends streams at the first signal, which would cut off the runs that a
    drain gives time to finish, and it spends four tasks on each stream. This response also serves `/wait`, whose
    heartbeat is a newline.

    `gone` is called when the client leaves before the end. A client that takes nothing for `send_timeout_seconds`
    is dropped.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        wire: WireOptions,
        *,
        media_type: str,
        heartbeat: bytes,
        headers: Mapping[str, str],
        gone: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self._chunks = chunks
        self._heartbeat = heartbeat
        self._wire = wire
        self._gone = gone
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the chunks end or the client is gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_all(send))
        beating = asyncio.create_task(self._beat(send))
        leaving = asyncio.create_task(_disconnected(receive))
        helpers = (sending, beating, leaving)
        try:
            await asyncio.wait(helpers, return_when=asyncio.FIRST_COMPLETED)
            dropped = any(task.done() and isinstance(task.exception(), TimeoutError) for task in helpers)
            if dropped:
                log.info("a reader took nothing and was dropped")
            elif sending.done():
                sending.result()
            left = dropped or (leaving.done() and not sending.done())
        except AnswerCut as exc:
            # without its last chunk the client sees a broken answer, and comes again
            log.info("an answer was cut", reason=str(exc))
            left = False
        finally:
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        if left and self._gone:
            await asyncio.shield(self._gone())

    async def _send_all(self, send: Send) -> None:
        async for chunk in self._chunks:
            await self._send(send, chunk)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _beat(self, send: Send) -> None:
        while True:
            await asyncio.sleep(self._wire.heartbeat_seconds)
            await self._send(send, self._heartbeat)

    async def _send(self, send: Send, body: bytes) -> None:
        async with asyncio.timeout(self._wire.send_timeout_seconds):
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def sse(
    frames: AsyncIterator[bytes],
    wire: WireOptions,
    headers: Mapping[str, str],
    gone: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer with server-sent events that are encoded already."""
    fixed = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **headers}
    return LiveResponse(
        frames,
        wire,
        media_type="text/event-stream; charset=utf-8",
        heartbeat=b": heartbeat\r\n\r\n",
        headers=fixed,
        gone=gone,
    )


def late_json(
    document: Callable[[], Awaitable[bytes]],
    wire: WireOptions,
    headers: Mapping[str, str],
    gone: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer at once, with newlines until the JSON document is there: leading white space is valid JSON."""

    async def chunks() -> AsyncIterator[bytes]:
        yield await document()

    return LiveResponse(chunks(), wire, media_type="application/json", heartbeat=b"\n", headers=headers, gone=gone)


def pagination(*, offset: int, limit: int, total: int) -> dict[str, str]:
    """Headers of one page: the true total and, if there is more, where it begins."""
    page = {"X-Pagination-Total": str(total)}
    if offset + limit < total:
        page["X-Pagination-Next"] = str(offset + limit)
    return page
