"""The thinnest server around the same graphs: the run inside the request, an in-memory saver, nothing else.

The practical ceiling that the gateway is measured beside: no queue, no replay after a cut, no cancel, no database.
Runs with several viewers have a list of frames that all of them read: event streams alone.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import orjson
import uvicorn
from langgraph.checkpoint.memory import InMemorySaver
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bench.alone import graphs_with

_FRAMES_AT_ONCE = 256


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=lambda item: item.model_dump())


def _json(value: Any) -> Response:
    return Response(_dump(value), media_type="application/json")


class SharedRun:
    """A run that goes on by itself, and its frames so far."""

    def __init__(self, frames: AsyncIterator[bytes]) -> None:
        self._frames: list[bytes] = []
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._fill(frames))

    async def _fill(self, frames: AsyncIterator[bytes]) -> None:
        async for frame in frames:
            self._frames.append(frame)
            self._news.set()
            self._news = asyncio.Event()
        self._news.set()

    async def ended(self) -> None:
        """Wait for its end."""
        await asyncio.shield(self._task)

    async def read(self) -> AsyncIterator[bytes]:
        """All frames from the first, several in one piece where they wait."""
        position = 0
        while True:
            news = self._news
            if waiting := self._frames[position : position + _FRAMES_AT_ONCE]:
                position += len(waiting)
                yield b"".join(waiting)
            elif news.is_set():
                return
            else:
                await news.wait()


class Minimal:
    """The routes."""

    def __init__(self) -> None:
        self._graphs = graphs_with(InMemorySaver())
        self._shared: dict[str, SharedRun] = {}

    async def ok(self, _request: Request) -> Response:
        """Say that it serves."""
        return _json({"ok": True})

    async def create_thread(self, _request: Request) -> Response:
        """Name a thread."""
        return _json({"thread_id": str(uuid4())})

    async def wait(self, request: Request) -> Response:
        """Run and answer with the last values."""
        graph, given, config = await self._asked(request)
        return _json(await graph.ainvoke(given, config))

    async def stream(self, request: Request) -> Response:
        """Run and answer with the tokens as they come."""
        return _events(self._run(*await self._asked(request)))

    async def create(self, request: Request) -> Response:
        """Start a run that several will view."""
        run_id = str(uuid4())
        self._shared[run_id] = SharedRun(self._run(*await self._asked(request)))
        return _json({"run_id": run_id})

    async def view(self, request: Request) -> Response:
        """Answer with the frames of a shared run."""
        return _events(self._shared[request.path_params["run"]].read())

    async def join(self, request: Request) -> Response:
        """Answer once a shared run has ended."""
        await self._shared[request.path_params["run"]].ended()
        return _json({})

    async def _asked(self, request: Request) -> tuple[Any, Any, Any]:
        body = orjson.loads(await request.body())
        thread_id = request.path_params.get("thread") or str(uuid4())
        return self._graphs[body["assistant_id"]], body["input"], {"configurable": {"thread_id": thread_id}}

    async def _run(self, graph: Any, given: Any, config: Any) -> AsyncIterator[bytes]:
        async for chunk in graph.astream(given, config, stream_mode="messages"):
            yield b"event: messages\r\ndata: %b\r\n\r\n" % _dump(chunk)


def _events(frames: AsyncIterator[bytes]) -> Response:
    return StreamingResponse(frames, media_type="text/event-stream")


def app() -> Starlette:
    """The application."""
    serves = Minimal()
    posts = {
        "/threads": serves.create_thread,
        "/runs/wait": serves.wait,
        "/runs/stream": serves.stream,
        "/threads/{thread}/runs": serves.create,
        "/threads/{thread}/runs/wait": serves.wait,
        "/threads/{thread}/runs/stream": serves.stream,
    }
    gets = {
        "/ok": serves.ok,
        "/threads/{thread}/runs/{run}/stream": serves.view,
        "/threads/{thread}/runs/{run}/join": serves.join,
    }
    routes = [Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()]
    return Starlette(routes=[*routes, *(Route(path, endpoint) for path, endpoint in gets.items())])


if __name__ == "__main__":
    uvicorn.run(app, factory=True, port=int(sys.argv[1]), log_level="error", access_log=False)
