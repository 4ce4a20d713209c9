"""A model provider on this machine that speaks OpenAI's protocol, and a graph whose model is a real ChatOpenAI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_openai import ChatOpenAI
from langgraph.graph import START, MessagesState, StateGraph

MODEL = "gpt-4o-2024-08-06"
USAGE = {
    "prompt_tokens": 1000,
    "completion_tokens": 50,
    "total_tokens": 1050,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens_details": {"reasoning_tokens": 20},
}


async def answer(state: MessagesState, config: RunnableConfig) -> dict[str, Any]:
    port = config["configurable"]["port"]
    model = ChatOpenAI(
        model="gpt-4o",
        base_url=f"http://127.0.0.1:{port}/v1",
        api_key="none",
        stream_usage=True,
        max_retries=0,
    )
    return {"messages": [await model.ainvoke(state["messages"])]}


graph = StateGraph(MessagesState).add_node("answer", answer).add_edge(START, "answer").compile(name="provider")


@asynccontextmanager
async def providing() -> AsyncIterator[int]:
    """Answer every call with the same words and the same usage, in a stream if that is asked for; yields the port."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().splitlines()
    length = next(int(line.partition(":")[2]) for line in lines if line.startswith("content-length:"))
    asked = json.loads(await reader.readexactly(length))
    if asked["messages"][-1]["content"] == "fail":
        status, kind, parts = "429 Too Many Requests", "application/json", iter([{"error": {"message": "slow down"}}])
    elif asked.get("stream"):
        assert asked["stream_options"] == {"include_usage": True}
        status, kind, parts = "200 OK", "text/event-stream", _chunks()
    else:
        status, kind, parts = "200 OK", "application/json", iter([_whole()])
    writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
    for part in parts:
        text = json.dumps(part)
        writer.write(f"data: {text}\n\n".encode() if kind == "text/event-stream" else text.encode())
    if kind == "text/event-stream":
        writer.write(b"data: [DONE]\n\n")
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def _whole() -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hello there"}, "finish_reason": "stop"}
    return {**_head("chat.completion"), "choices": [choice], "usage": USAGE}


def _chunks() -> Iterator[dict[str, Any]]:
    head = _head("chat.completion.chunk")
    for delta in ({"role": "assistant", "content": ""}, {"content": "hello "}, {"content": "there"}):
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    yield {**head, "choices": [], "usage": USAGE}


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": MODEL}
