"""What all doors share: reading bodies, rendering errors, streaming answers, who is calling."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from runline.core import Core
from runline.errors import Invalid, RunlineError
from runline.graphs.http import HeaderRule
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


def get_wire(request: HTTPConnection) -> WireOptions:
    """The wire options of the app that the request came to."""
    options: WireOptions = request.app.state.wire
    return options


@dataclass(frozen=True, slots=True)
class Call:
    """What every route needs: the core to call, on whose behalf, and how to answer.

    `headers` are those of the request that the project's runs are to see.
    """

    core: Core
    viewer: Viewer
    wire: WireOptions
    headers: Mapping[str, str]


async def get_call(request: HTTPConnection) -> Call:
    """Everybody is the same viewer while authentication is off."""
    rule: HeaderRule = request.app.state.headers
    chosen = rule.choose(request.headers.items()) if rule.includes else {}
    core: Core = request.app.state.core
    core.tracer.heed(request.headers)
    return Call(core, ANONYMOUS, get_wire(request), chosen)


CallDep = Annotated[Call, Depends(get_call)]


def json_response(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON: compact, UTF-8, and never failing on what a graph's state holds."""
    return Response(dumps(value), status, headers, "application/json")


class _JsonRequest(Request):
    """A request whose body is parsed by orjson and checked for depth, whatever its content type says."""

    async def json(self) -> Any:
        try:
            return parse_json(await self.body(), get_wire(self).max_nesting)
        except Invalid as exc:
            # FastAPI passes only this kind of exception on from the reading of a body
            raise HTTPException(422, str(exc)) from exc


def parse_json(body: bytes, max_nesting: int) -> Any:
    """What was sent as JSON. Raises JSONDecodeError, Invalid (too many lists and objects, or too deep)."""
    # counting brackets is cheap; only a body that might be too much is looked at more closely
    brackets = _brackets(body)
    if brackets > _MOST_CONTAINERS and _brackets(_TEXT.sub(b"", body)) > _MOST_CONTAINERS:
        raise Invalid(f"The request body holds more than {_MOST_CONTAINERS} lists and objects.")
    value = loads(body)
    if brackets > max_nesting and depth_exceeds(value, max_nesting):
        raise Invalid(f"The request body is nested deeper than {max_nesting} levels.")
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
        return json_response({"detail": sentence(problems[0])}, status=422)

    @app.exception_handler(ClientDisconnect)
    async def on_gone(_request: Request, _exc: Exception) -> Response:
        return Response(status_code=499)


def sentence(problem: Mapping[str, Any]) -> str:
    """What is wrong with a request, of one of pydantic's errors whose `loc` begins with the part it is in."""
    place = problem["loc"]
    reason = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "json_invalid" or place == ("body",):
        return INVALID_JSON if problem["type"] in ("json_invalid", "missing") else reason
    name = ".".join(str(part) for part in place[1:])
    return f"{name}: {reason}"


def pagination(*, offset: int, limit: int, total: int) -> dict[str, str]:
    """Headers of one page: the true total and, if there is more, where it begins."""
    page = {"X-Pagination-Total": str(total)}
    if offset + limit < total:
        page["X-Pagination-Next"] = str(offset + limit)
    return page
