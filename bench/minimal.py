"""The thinnest server around the same graph: the run inside the request, an in-memory saver, nothing else.

The practical ceiling that the gateway is measured beside: no queue, no replay, no cancel, no database.
"""

from __future__ import annotations

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

from served import AGENTS

sys.path.insert(0, str(AGENTS))
from echo import graph as builder

graph = builder.copy(update={"checkpointer": InMemorySaver()})


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=lambda item: item.model_dump())


def _config() -> Any:
    return {"configurable": {"thread_id": str(uuid4())}}


async def ready(_request: Request) -> Response:
    """Say that it serves."""
    return Response(b"{}")


async def wait(request: Request) -> Response:
    """Run and answer with the last values."""
    body = orjson.loads(await request.body())
    return Response(_dump(await graph.ainvoke(body["input"], _config())), media_type="application/json")


async def stream(request: Request) -> Response:
    """Run and answer with the tokens as they come."""
    body = orjson.loads(await request.body())

    async def events() -> AsyncIterator[bytes]:
        async for chunk in graph.astream(body["input"], _config(), stream_mode="messages"):
            yield b"event: messages\r\ndata: %b\r\n\r\n" % _dump(chunk)

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(
    routes=[
        Route("/ready", ready),
        Route("/runs/wait", wait, methods=["POST"]),
        Route("/runs/stream", stream, methods=["POST"]),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)
