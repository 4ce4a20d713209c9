"""The custom app around a gateway's: what can go wrong in it, and that it stays whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from graphs_under_test.projects import write_project
from runline.doors.custom import Around, describe_both, load_custom
from runline.doors.http import render_errors
from runline.doors.middleware import LastResort
from runline.errors import ConfigError
from runline.graphs.project import read_project


async def hello(_request: Request) -> Response:
    return JSONResponse({"hello": 1})


async def fail(_request: Request) -> Response:
    raise KeyError("secret")


async def teapot(_request: Request) -> Response:
    raise HTTPException(418, "tea")


async def cut(_request: Request) -> Response:
    async def chunks() -> Any:
        yield b"half"
        raise KeyError("secret")

    return StreamingResponse(chunks())


def make_custom(**options: Any) -> Starlette:
    deep = Mount("/deep", routes=[Route("/hello", hello)])
    flat = (hello, fail, cut, teapot)
    return Starlette(routes=[*(Route(f"/{serve.__name__}", serve) for serve in flat), deep], **options)


def make_gateway(custom: Starlette, name: str = "gateway", inner: tuple[Middleware, ...] = ()) -> FastAPI:
    app = FastAPI()
    app.state.name = name
    render_errors(app)

    @app.get("/name")
    async def tell_name(request: Request) -> str:
        return str(request.app.state.name)

    @app.get("/gateway-fails")
    async def gateway_fails() -> None:
        raise KeyError("secret")

    app.add_middleware(LastResort)
    app.add_middleware(Around, custom=custom, gateway=app, inner=inner)
    app.add_middleware(LastResort)
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client that raises what the app lets pass, which a server would end the connection with."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("path", ["/hello", "/deep/hello"])
async def test_routes_and_mounts_are_served(path: str) -> None:
    async with client_of(make_gateway(make_custom())) as client:
        assert (await client.get(path)).json() == {"hello": 1}


async def test_a_missing_slash_is_forgiven_as_the_custom_app_would() -> None:
    async with client_of(make_gateway(make_custom())) as client:
        assert (await client.get("/hello/", follow_redirects=True)).json() == {"hello": 1}


async def test_what_nobody_knows_is_refused_as_everywhere() -> None:
    async with client_of(make_gateway(make_custom())) as client:
        answer = await client.get("/nothing")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


async def test_a_refusal_has_the_shape_of_the_gateways_unless_the_app_says_otherwise() -> None:
    async def tell(_request: Request, exc: Exception) -> Response:
        return JSONResponse({"own": str(exc)}, 418)

    for handlers, body in ({}, {"detail": "tea"}), ({HTTPException: tell}, {"own": "418: tea"}):
        async with client_of(make_gateway(make_custom(exception_handlers=handlers))) as client:
            answer = await client.get("/teapot")
        assert (answer.status_code, answer.json()) == (418, body)


async def test_an_unknown_exception_is_a_500_that_keeps_the_connection(logs: list[Any]) -> None:
    async with client_of(make_gateway(make_custom())) as client:
        answer = await client.get("/fail")

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert [entry["event"] for entry in logs] == ["request failed"]


async def test_an_answer_that_breaks_off_is_not_taken_for_whole() -> None:
    async with client_of(make_gateway(make_custom())) as client:
        with pytest.raises(KeyError):
            await client.get("/cut")


async def test_an_unknown_exception_of_the_gateway_keeps_its_shape(logs: list[Any]) -> None:
    async with client_of(make_gateway(make_custom())) as client:
        answer = await client.get("/gateway-fails")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal Server Error"})
    assert [entry["event"] for entry in logs] == ["request failed"]


async def test_several_gateways_can_serve_one_custom_app() -> None:
    custom = make_custom()
    gateways = [make_gateway(custom, name) for name in ("one", "two")]
    routes = list(custom.routes)

    for gateway, name in zip(gateways, ("one", "two"), strict=True):
        async with client_of(gateway) as client:
            assert (await client.get("/name")).json() == name
            assert (await client.get("/hello")).json() == {"hello": 1}
    assert custom.routes == routes


async def test_inner_middleware_is_behind_the_custom_one() -> None:
    """A custom app that has CORS rules of its own answers browsers before ours are asked."""
    custom = make_custom(middleware=[Middleware(CORSMiddleware, allow_origins=["https://own.example"])])
    inner = (Middleware(CORSMiddleware, allow_origins=["https://ours.example"]),)
    async with client_of(make_gateway(custom, inner=inner)) as client:
        asking = {"Origin": "https://ours.example", "Access-Control-Request-Method": "GET"}
        assert (await client.options("/name", headers=asking)).status_code == 400
        allowed = await client.get("/name", headers={"Origin": "https://ours.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://ours.example"


def test_a_starlette_app_adds_nothing_to_the_document() -> None:
    document: dict[str, Any] = {"paths": {"/name": {}}}
    assert describe_both(document, make_custom()) == document


def load(folder: Path, target: str) -> Starlette | None:
    return load_custom(read_project(write_project(folder, http={"app": target})))


def test_a_project_without_an_app_has_none(tmp_path: Path) -> None:
    assert load_custom(read_project(write_project(tmp_path))) is None


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("./missing.py:app", "there is no file"),
        ("graphs_under_test.webapp:nothing", "has no 'nothing'"),
        ("graphs_under_test.broken:graph", "importing graphs_under_test.broken failed"),
        ("graphs_under_test.agents:steps", "name a Starlette or FastAPI app"),
    ],
)
def test_an_app_that_cannot_be_served_is_one_sentence(tmp_path: Path, target: str, reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, target)
    assert str(caught.value).startswith("'http.app' in ")
    assert reason in str(caught.value)
