"""Heartbeats: a silent connection stays open on its way through proxies."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from fundamentals.gate import Gate
from gateway import Gateway, serving


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose heart beats five times a second."""
    with serving(tmp_path_factory.mktemp("lively") / "data", {"RUNLINE_SERVER__HEARTBEAT_SECONDS": "0.2"}) as own:
        yield own


async def test_a_silent_stream_carries_comment_lines(lively: Gateway, gate: Gate) -> None:
    """Comments are not events: every client skips them."""
    body = {"assistant_id": "steps", "input": {"log": []}, "context": gate.context}
    lines: list[str] = []
    async with (
        httpx.AsyncClient(base_url=lively.url, timeout=30) as http,
        http.stream("POST", "/runs/stream", json=body) as stream,
    ):
        async for line in stream.aiter_lines():
            lines.append(line)
            if lines.count(": heartbeat") == 3:
                gate.open()

    assert lines.count(": heartbeat") >= 3
    events = [line for line in lines if line.startswith("event")]
    assert events == ["event: metadata", *["event: values"] * 4, "event: end"]


async def test_a_silent_wait_carries_line_breaks(lively: Gateway, gate: Gate) -> None:
    """White space before a JSON document is part of the document, so clients need not know."""
    body = {"assistant_id": "steps", "input": {"log": []}, "context": gate.context}
    answer = b""
    async with (
        httpx.AsyncClient(base_url=lively.url, timeout=30) as http,
        http.stream("POST", "/runs/wait", json=body) as stream,
    ):
        async for chunk in stream.aiter_raw():
            answer += chunk
            if answer.startswith(b"\n\n\n"):
                gate.open()

    assert answer.strip(b"\n") == b'{"log":["one","two","three"]}'


async def test_a_stream_that_was_left_costs_nothing(lively: Gateway, gate: Gate) -> None:
    """Readers that are gone are noticed; the run that they read goes on, for others to read."""
    body = {"assistant_id": "steps", "input": {"log": []}, "context": gate.context}
    async with httpx.AsyncClient(base_url=lively.url, timeout=30) as http:
        run = (await http.post("/runs", json=body)).json()
        url = f"/runs/{run['run_id']}/stream"

        async def read_a_line() -> None:
            async with http.stream("GET", url, headers={"Last-Event-ID": "-1"}) as stream:
                await anext(stream.aiter_lines())

        await asyncio.gather(*(read_a_line() for _ in range(20)))
        gate.open()
        whole = await http.get(url, headers={"Last-Event-ID": "-1"})

    assert "three" in whole.text
