"""What the cases ask of a server, in the words of the platform API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from bench.client import Client


def told(text: str) -> dict[str, Any]:
    """An input of one human message."""
    return {"messages": [{"role": "user", "content": text}]}


HELLO = told("hello there")


def run_of(graph: str, given: Any) -> dict[str, Any]:
    """The body of a run's creation."""
    return {"assistant_id": graph, "input": given}


def streamed_run_of(graph: str, given: Any, *, resumable: bool = False) -> dict[str, Any]:
    """The same for a run that streams its tokens."""
    return {**run_of(graph, given), "stream_mode": "messages-tuple", "stream_resumable": resumable}


def counting(start: float, step: float, count: int) -> dict[str, Any]:
    """An input of the `paced` agent: when its first token is due, by `time.monotonic`, and how many seconds apart."""
    return told(f"{start} {step} {count}")


async def new_thread(client: Client) -> str:
    """The path of a fresh thread."""
    return f"/threads/{(await client.post('/threads', {})).json()['thread_id']}"


async def new_run(client: Client, body: dict[str, Any]) -> str:
    """Start a run on a fresh thread, and return its path."""
    thread = await new_thread(client)
    return f"{thread}/runs/{(await client.post(f'{thread}/runs', body)).json()['run_id']}"


async def several(clients: int, units: int, one: Callable[[int], Awaitable[object]]) -> None:
    """Do `one(number)` for each number, by so many clients at once, each taking the next as it is free."""
    numbers = iter(range(units))

    async def client(left: Iterator[int]) -> None:
        for number in left:
            await one(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client(numbers))
