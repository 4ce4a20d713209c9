"""A custom app, as a project may name it in `http.app`: routes, a middleware and a lifespan of its own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

LIFE_FILE = "TEST_LIFE_FILE"
"""The variable that names where the lifespan writes down what it finds of the gateway."""

DATA_DIR = "TEST_DATA_DIR"
"""The variable that names the gateway's data folder."""


class Greeting(BaseModel):
    """What /hello says."""

    hello: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open something for the routes to use; write down whether the gateway's database is open at each end."""
    app.state.name = "world"
    _write_down("began")
    yield
    _write_down("ended")


def _write_down(event: str) -> None:
    if file := os.environ.get(LIFE_FILE):
        is_open = Path(os.environ[DATA_DIR], "runline.db-wal").exists()
        with Path(file).open("a", encoding="utf-8") as life:
            life.write(f"{event}, database {'open' if is_open else 'closed'}\n")


app = FastAPI(title="Custom", lifespan=lifespan)


@app.middleware("http")
async def stamp(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse those who say so, and mark every other answer."""
    if "x-unwanted" in request.headers:
        return JSONResponse({"detail": "Unwanted"}, 403)
    response = await call_next(request)
    response.headers["X-Stamp"] = request.url.path
    return response


@app.get("/hello")
async def hello(request: Request) -> Greeting:
    """Greet."""
    return Greeting(hello=request.app.state.name)


@app.get("/info")
async def info() -> dict[str, bool]:
    """Stand in the place of the gateway's own /info."""
    return {"custom": True}


@app.get("/threads/search")
async def search_page() -> dict[str, bool]:
    """Stand beside the gateway's POST of the same path."""
    return {"page": True}


@app.get("/teapot")
async def teapot() -> None:
    """Fail on purpose."""
    raise HTTPException(418, "tea")


@app.exception_handler(404)
@app.exception_handler(418)
async def on_refusal(_request: Request, exc: Exception) -> Response:
    """Tell these errors in one's own words."""
    return JSONResponse({"own words": str(exc)}, 418)
