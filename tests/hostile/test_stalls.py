"""What the limits let in or keep out, at its largest, holds nobody else up for long."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from gateway import Gateway, serving
from hostile.operations import STEPS
from hostile.wire import Request, ask

LIMIT_BYTES = 16 * 2**20
# a second is promised of a machine with nothing else to do
BOUND_SECONDS = 3.0
REPEATED = 3


def filled(head: str, unit: str, tail: str) -> bytes:
    """A body of nearly the largest size, made of one unit repeated."""
    count = (LIMIT_BYTES - len(head) - len(tail) - 1) // (len(unit) + 1)
    return (head + ",".join([unit] * count) + tail).encode()


RUN = '{"assistant_id": "steps", "input": {"log": ['
BODIES: Mapping[str, tuple[str, bytes]] = {
    "deep enough to be walked": ("/threads", filled('{"metadata": {"a": [', "[" * 125 + "]" * 125, "]}}")),
    "too deep": ("/threads", filled('{"metadata": {"a": [', "[" * 130 + "]" * 130, "]}}")),
    "empty objects": ("/threads", filled('{"metadata": {"a": [', "{}", "]}}")),
    "as many objects as may be": ("/threads", b'{"metadata": {"a": [' + b",".join([b"{}"] * 199_990) + b"]}}"),
    "one text": ("/threads", json.dumps({"metadata": {"a": "x" * (LIMIT_BYTES - 100)}}).encode()),
    "an endless list of brackets": ("/threads", b"[" * LIMIT_BYTES),
    "a filter of numbers": ("/threads/search", filled('{"values": {"log": [', "1", "]}}")),
    "a batch that is too long": ("/runs/batch", filled("[", '{"assistant_id": "steps"}', "]")),
    "a run with a long text": ("/runs/wait", (RUN + json.dumps("x" * (LIMIT_BYTES - 100)) + "]}}").encode()),
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with the limits that operators get."""
    with serving(Path(tmp_path_factory.mktemp("stalls")) / "data") as own:
        yield own


async def longest_wait(http: httpx.AsyncClient, done: asyncio.Event) -> float:
    """The longest that another client waited for an answer or for a small run meanwhile, in seconds."""
    longest = 0.0
    while not done.is_set():
        for method, path, body in (("GET", "/ok", None), ("POST", "/runs/wait", STEPS)):
            began = time.monotonic()
            answer = await http.request(method, path, json=body)
            longest = max(longest, time.monotonic() - began)
            assert answer.status_code == 200
    return longest


async def wait_beside(http: httpx.AsyncClient, gateway: Gateway, request: Request) -> float:
    """The longest wait while this request is answered."""
    done = asyncio.Event()
    measuring = asyncio.create_task(longest_wait(http, done))
    answer = await asyncio.to_thread(ask, gateway.port, request)
    done.set()
    assert answer.status < 500
    return await measuring


@pytest.mark.parametrize("name", BODIES)
async def test_the_largest_bodies_hold_nobody_up(gateway: Gateway, name: str) -> None:
    """A body that holds others up does so each time; a machine that is busy with something else does not."""
    target, body = BODIES[name]
    assert len(body) <= LIMIT_BYTES
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as http:
        waits = [await wait_beside(http, gateway, Request("POST", target, body)) for _ in range(REPEATED)]

    print(f"{name}: others waited {', '.join(f'{wait:.2f}' for wait in waits)} s at most")
    assert min(waits) < BOUND_SECONDS
