"""Readers that never read cost little, are dropped, and disturb nobody."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from gateway import Gateway, serving, wait_until
from hostile.form import times

EVENTS = times(short=20_000, long=200_000)
SIZE = 1000
MIB = 2**20
# a heap that many buffers went through keeps their room; without any reader that stalls it is as large afterwards
NOISE_BYTES = 96 * MIB
GRAPHS = Path(__file__).parent / "langgraph.json"


@dataclass
class Peak:
    """The most memory that the gateway was seen to use."""

    rss: int = 0


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway that has little patience, yet more than a busy machine needs, and forgets a stream that has ended."""
    settings = {
        "RUNLINE_SERVER__SEND_TIMEOUT_SECONDS": "3",
        "RUNLINE_STREAMS__RETENTION_SECONDS": "0",
        "RUNLINE_STREAMS__MAX_BYTES_PER_RUN": str(512 * MIB),
        "RUNLINE_STREAMS__MAX_BYTES_TOTAL": str(512 * MIB),
    }
    with serving(tmp_path / "data", settings, GRAPHS) as own:
        yield own


def stall(gateway: Gateway, path: str) -> socket.socket:
    """Ask for a stream and never read a byte of it."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", gateway.port))
    connection.sendall(f"GET {path}/stream HTTP/1.1\r\nHost: runline\r\nLast-Event-ID: 0\r\n\r\n".encode())
    return connection


async def peak_of_flood(gateway: Gateway, stalled: int) -> int:
    """Memory at its most while one reader reads a whole flood and others stall. The reader misses nothing."""
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as http:
        thread = (await http.post("/threads", json={})).json()["thread_id"]
        body = {"assistant_id": "flood", "input": {"events": EVENTS, "size": SIZE}, "stream_mode": "custom"}
        run = (await http.post(f"/threads/{thread}/runs", json={**body, "after_seconds": 1})).json()["run_id"]
        path = f"/threads/{thread}/runs/{run}"
        with ExitStack() as stack:
            for _ in range(stalled):
                stack.enter_context(stall(gateway, path))
            watching = asyncio.create_task(watch(gateway, peak := Peak()))
            numbers = await read(http, path)
            await wait_until(lambda: alone(gateway), within=60)
            watching.cancel()
    assert numbers == list(range(EVENTS))
    return peak.rss


async def read(http: httpx.AsyncClient, path: str) -> list[int]:
    """The numbers of all events."""
    prefix = 'data: {"number":'
    async with http.stream("GET", f"{path}/stream", headers={"Last-Event-ID": "0"}) as answer:
        found = [line.removeprefix(prefix) async for line in answer.aiter_lines() if line.startswith(prefix)]
    return [int(text.partition(",")[0]) for text in found]


async def watch(gateway: Gateway, peak: Peak) -> None:
    """Look at the gateway's memory all the time."""
    process = process_of(gateway)
    while True:
        peak.rss = max(peak.rss, process.memory_info().rss)
        await asyncio.sleep(0.01)


def process_of(gateway: Gateway) -> psutil.Process:
    """The process that serves."""
    assert gateway.process
    return psutil.Process(gateway.process.pid)


async def alone(gateway: Gateway) -> bool:
    """Whether the connections of all readers are closed but for the one that reads."""
    connections = process_of(gateway).net_connections("tcp")
    open_ones = [each for each in connections if each.status == psutil.CONN_ESTABLISHED]
    return sum(each.laddr.port == gateway.port for each in open_ones) <= 1


async def test_a_reader_that_never_reads_costs_bounded_memory_and_is_dropped(gateway: Gateway) -> None:
    """Alone, and a hundred of them at once. Another reader gets every event meanwhile."""
    await peak_of_flood(gateway, stalled=0)
    usual = await peak_of_flood(gateway, stalled=0)
    for stalled in (1, 100):
        grown = await peak_of_flood(gateway, stalled) - usual
        print(f"{stalled} stalled readers: {grown / MIB:.1f} MiB more than the {usual / MIB:.0f} MiB without any")
        assert grown <= stalled * MIB + NOISE_BYTES
