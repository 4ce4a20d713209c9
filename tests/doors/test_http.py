"""What all doors share: bodies and their limits, and errors in one shape."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import Response

from doors.exchange import HTTP, wire
from runline import errors
from runline.doors.http import INVALID_JSON, json_response, json_routes, pagination, render_errors
from runline.doors.middleware import BodyLimit, LastResort

LIMIT = 1000
NESTING = 10


class Body(BaseModel):
    value: Any = None
    count: int = 0


def make_app(entered: asyncio.Event) -> FastAPI:
    """`entered` is set as a request begins to hang."""
    routes = json_routes("test")

    @routes.post("/echo")
    async def echo(body: Body) -> Response:
        return json_response(body.value)

    @routes.get("/fail")
    async def fail(name: str) -> Response:
        raise FAILURES[name]

    @routes.get("/hang")
    async def hang() -> Response:
        entered.set()
        await asyncio.Event().wait()
        return json_response(None)

    app = FastAPI()
    app.state.wire = wire(max_body_bytes=LIMIT, max_nesting=NESTING)
    render_errors(app)
    app.include_router(routes)
    app.add_middleware(BodyLimit, max_bytes=LIMIT)
    app.add_middleware(LastResort)
    return app


FAILURES: dict[str, Exception] = {
    "NotFound": errors.NotFound("no such thing"),
    "Conflict": errors.Conflict("not now"),
    "Invalid": errors.Invalid("not so"),
    "BadRequest": errors.BadRequest("not both"),
    "Unavailable": errors.Unavailable("later"),
    "KeyError": KeyError("secret"),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(make_app(asyncio.Event()), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def answer(response: httpx.Response) -> tuple[int, Any]:
    assert response.headers["content-type"] == "application/json"
    return response.status_code, response.json()


def sized(size: int) -> bytes:
    """A valid body of exactly this many bytes."""
    return json.dumps({"value": "x" * (size - len('{"value": ""}'))}).encode()


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    """A body with this many levels, the outermost object among them."""
    return '{"value":' + opening * (depth - 1) + closing * (depth - 1) + "}"


TOO_LARGE = (413, {"detail": f"The request body is larger than {LIMIT} bytes."})
TOO_DEEP = (422, {"detail": f"The request body is nested deeper than {NESTING} levels."})


async def test_a_body_of_exactly_the_limit_is_read(client: httpx.AsyncClient) -> None:
    assert (await client.post("/echo", content=sized(LIMIT))).status_code == 200


async def test_a_body_that_is_declared_too_large_is_refused_and_the_connection_closed(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/echo", content=sized(LIMIT + 1))
    assert answer(response) == TOO_LARGE
    assert response.headers["connection"] == "close"


async def test_a_body_that_declares_nothing_is_refused_when_it_grows_too_large(client: httpx.AsyncClient) -> None:
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b" " * 100

    response = await client.post("/echo", content=pieces())
    assert answer(response) == TOO_LARGE


@pytest.mark.parametrize("declared", [b"-1", b"1e3", b"x", b"", "\u00b2".encode()])
async def test_a_length_that_is_no_number_is_refused(declared: bytes) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {**HTTP, "method": "POST", "path": "/echo", "headers": [(b"content-length", declared)]}
    await make_app(asyncio.Event())(scope, receive, send)
    assert sent[0]["status"] in (400, 413)


@pytest.mark.parametrize("nest", [nested, lambda depth: nested(depth, '{"a":', "}").replace('"a":}', '"a":1}')])
async def test_nesting_is_limited(client: httpx.AsyncClient, nest: Any) -> None:
    assert (await client.post("/echo", content=nest(NESTING))).status_code == 200
    assert answer(await client.post("/echo", content=nest(NESTING + 1))) == TOO_DEEP


async def test_many_brackets_side_by_side_or_in_a_text_are_no_nesting(client: httpx.AsyncClient) -> None:
    values: list[Any] = [[[]] * 50, "[[{{" * 20]
    for value in values:
        assert answer(await client.post("/echo", json={"value": value})) == (200, value)


@pytest.mark.parametrize("content", [b"", b"{", b"nope", b'{"a":1,}', b"\xff", b'{"value": NaN}', b"[" * 900])
async def test_a_body_that_is_no_json_is_refused(client: httpx.AsyncClient, content: bytes) -> None:
    assert answer(await client.post("/echo", content=content)) == (422, {"detail": INVALID_JSON})


@pytest.mark.parametrize("content_type", [None, "application/x-www-form-urlencoded", "text/plain", "application/json"])
async def test_a_body_is_read_as_json_whatever_it_is_called(
    client: httpx.AsyncClient, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    assert answer(await client.post("/echo", content=b'{"value":[1]}', headers=headers)) == (200, [1])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"count":"x"}', "count: Input should be a valid integer, unable to parse string as an integer"),
        (b"[1]", "Input should be a valid dictionary or object to extract fields from"),
    ],
)
async def test_a_body_that_breaks_the_schema_is_refused_with_one_sentence(
    client: httpx.AsyncClient, content: bytes, sentence: str
) -> None:
    assert answer(await client.post("/echo", content=content)) == (422, {"detail": sentence})


@pytest.mark.parametrize(
    ("name", "status", "sentence"),
    [
        ("NotFound", 404, "no such thing"),
        ("Conflict", 409, "not now"),
        ("Invalid", 422, "not so"),
        ("BadRequest", 400, "not both"),
        ("Unavailable", 503, "later"),
    ],
)
async def test_each_known_error_has_its_status_and_its_sentence(
    client: httpx.AsyncClient, name: str, status: int, sentence: str
) -> None:
    response = await client.get("/fail", params={"name": name})
    assert answer(response) == (status, {"detail": sentence})
    assert response.headers.get("retry-after") == ("1" if status == 503 else None)


async def test_an_unknown_error_is_logged_and_tells_the_client_nothing(
    client: httpx.AsyncClient, logs: list[Any]
) -> None:
    assert answer(await client.get("/fail?name=KeyError")) == (500, {"detail": "Internal Server Error"})
    assert [(entry["event"], str(entry["exc_info"])) for entry in logs] == [("request failed", "'secret'")]


async def test_unknown_routes_and_wrong_methods_have_the_same_shape(client: httpx.AsyncClient) -> None:
    assert answer(await client.get("/nowhere")) == (404, {"detail": "Not Found"})
    response = await client.get("/echo")
    assert answer(response) == (405, {"detail": "Method Not Allowed"})
    assert response.headers["allow"] == "POST"


async def test_an_answer_never_fails_on_what_a_state_holds(client: httpx.AsyncClient) -> None:
    response = json_response({"message": ValueError("x"), "huge": 2**80, "ü": float("nan")})
    assert json.loads(bytes(response.body)) == {
        "message": {"error": "ValueError", "message": "x"},
        "huge": 2**80,
        "ü": None,
    }


@pytest.mark.parametrize(
    ("offset", "total", "following"),
    [(0, 30, "10"), (10, 30, "20"), (20, 30, None), (25, 30, None), (0, 0, None), (100, 30, None)],
)
def test_pages_tell_the_true_total_and_where_the_next_begins(offset: int, total: int, following: str | None) -> None:
    headers = pagination(offset=offset, limit=10, total=total)
    assert headers["X-Pagination-Total"] == str(total)
    assert headers.get("X-Pagination-Next") == following


async def test_a_request_that_the_shutdown_cuts_off_is_to_be_sent_again() -> None:
    """The server cancels what is under way when its patience ends."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    app = make_app(entered := asyncio.Event())
    answering = asyncio.create_task(app({**HTTP, "method": "GET", "path": "/hang"}, receive, send))
    await entered.wait()
    answering.cancel()
    await answering
    begin, body = sent
    assert (begin["status"], dict(begin["headers"])[b"retry-after"]) == (503, b"1")
    assert json.loads(body["body"]) == {"detail": "The gateway is shutting down; send the request again in a moment."}
