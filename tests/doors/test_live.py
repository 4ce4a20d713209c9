"""LiveResponse: an answer that is written while it comes into being, to readers that may stall or leave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from starlette.types import ASGIApp

from doors.exchange import HTTP, Exchange, Source, app_with, wire
from kit.waiting import let_others_run, wait_until
from runline.doors.http import WireOptions
from runline.doors.live import AnswerCut, late_json, sse


class Farewell:
    """Counts how often the client was told to be gone."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self) -> None:
        await asyncio.sleep(0)
        self.calls += 1


def events(
    source: Source, gone: Callable[[], Awaitable[None]] | None = None, options: WireOptions | None = None
) -> ASGIApp:
    return sse(source.chunks(), options or wire(), {"Content-Location": "/runs/1"}, gone)


async def test_each_chunk_is_sent_as_it_comes_and_the_last_message_ends_the_answer() -> None:
    source, exchange = Source(), Exchange()
    answering = asyncio.create_task(exchange.run(events(source)))
    for number in range(3):
        source.give(b"%d" % number)
        await wait_until(lambda: len(exchange.chunks) == number + 1)  # noqa: B023
    source.end()
    await answering
    assert exchange.chunks == [b"0", b"1", b"2", b""]
    assert exchange.complete


async def test_a_stream_is_counted_while_it_is_read() -> None:
    source, exchange = Source(), Exchange()
    answering = asyncio.create_task(exchange.run(events(source)))
    await wait_until(lambda: exchange.taken)
    assert b"runline_stream_readers 1.0" in exchange.meters.exposition()
    exchange.leave()
    await answering
    assert b"runline_stream_readers 0.0" in exchange.meters.exposition()


async def test_the_head_is_sent_before_the_first_chunk_is_there() -> None:
    source, exchange = Source(), Exchange()
    answering = asyncio.create_task(exchange.run(events(source)))
    await wait_until(lambda: exchange.taken)
    assert exchange.taken[0]["status"] == 200
    assert exchange.headers == {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
        "content-location": "/runs/1",
    }
    source.end()
    await answering


async def test_heartbeats_come_while_there_is_nothing_else_and_end_with_the_answer() -> None:
    source, exchange = Source(), Exchange()
    answering = asyncio.create_task(exchange.run(events(source, options=wire(heartbeat_seconds=0.002))))
    await wait_until(lambda: exchange.chunks.count(b": heartbeat\r\n\r\n") >= 3)
    source.give(b"data")
    await wait_until(lambda: b"data" in exchange.chunks)
    await wait_until(lambda: exchange.chunks.index(b"data") < len(exchange.chunks) - 1)
    source.end()
    await answering
    assert exchange.complete
    assert set(exchange.chunks) == {b": heartbeat\r\n\r\n", b"data", b""}


async def test_an_answer_that_was_sent_whole_bids_no_farewell() -> None:
    source, exchange, gone = Source(), Exchange(), Farewell()
    source.give(b"data")
    source.end()
    await exchange.run(events(source, gone))
    exchange.leave()
    await let_others_run()
    assert gone.calls == 0


async def test_a_client_that_leaves_is_bidden_farewell_once_and_its_source_is_left() -> None:
    source, exchange, gone = Source(), Exchange(), Farewell()
    answering = asyncio.create_task(exchange.run(events(source, gone)))
    source.give(b"data")
    await wait_until(lambda: exchange.chunks)
    exchange.leave()
    await answering
    assert (gone.calls, exchange.complete) == (1, False)
    await source.until_left()


async def test_a_client_that_leaves_needs_no_farewell_if_nobody_asked_for_one() -> None:
    source, exchange = Source(), Exchange()
    exchange.leave()
    await exchange.run(events(source))
    assert not exchange.complete


@pytest.mark.parametrize("appetite", [1, 3])
async def test_a_reader_that_takes_nothing_any_more_is_dropped(appetite: int) -> None:
    source, exchange, gone = Source(), Exchange(appetite), Farewell()
    source.give(*[b"data"] * 10)
    source.end()
    async with asyncio.timeout(30):
        await exchange.run(events(source, gone, wire(send_timeout_seconds=0.02)))
    assert (len(exchange.taken), gone.calls) == (appetite, 1)


async def test_a_reader_that_stalls_at_a_heartbeat_is_dropped_too() -> None:
    source, exchange, gone = Source(), Exchange(3), Farewell()
    async with asyncio.timeout(30):
        await exchange.run(events(source, gone, wire(heartbeat_seconds=0.002, send_timeout_seconds=0.02)))
    assert gone.calls == 1
    await source.until_left()


async def test_a_slow_reader_that_takes_each_chunk_in_time_is_not_dropped() -> None:
    """All together take longer than one may."""
    source, exchange, gone = Source(), Exchange(), Farewell()
    take = exchange.send

    async def take_slowly(message: Any) -> None:
        await asyncio.sleep(0.02)
        await take(message)

    source.give(*[b"data"] * 60)
    source.end()
    scope = {**HTTP, "app": app_with(exchange.meters)}
    await events(source, gone, wire(send_timeout_seconds=1.0))(scope, exchange.receive, take_slowly)
    assert (exchange.complete, gone.calls) == (True, 0)


async def test_a_reader_that_took_a_chunk_while_the_server_stood_still_is_not_dropped() -> None:
    """That it did is heard of behind the clock."""
    source, exchange, gone = Source(), Exchange(), Farewell()
    timeout = 0.1

    async def take(message: Any) -> None:
        taken = asyncio.get_running_loop().run_in_executor(None, exchange.taken.append, message)
        if message.get("body") == b"data":
            until = time.monotonic() + 2 * timeout
            while time.monotonic() < until:
                pass
        await taken

    source.give(b"data")
    source.end()
    scope = {**HTTP, "app": app_with(exchange.meters)}
    await events(source, gone, wire(send_timeout_seconds=timeout))(scope, exchange.receive, take)
    assert (exchange.complete, gone.calls) == (True, 0)


async def test_a_client_is_not_taken_for_gone_when_the_server_breaks_off() -> None:
    source, exchange, gone = Source(), Exchange(), Farewell()
    answering = asyncio.create_task(exchange.run(events(source, gone)))
    await wait_until(lambda: exchange.taken)
    answering.cancel()
    await asyncio.wait([answering])
    assert (answering.cancelled(), gone.calls) == (True, 0)


async def test_an_answer_that_is_cut_has_no_end_and_the_client_is_not_taken_for_gone() -> None:
    async def cut() -> AsyncIterator[bytes]:
        yield b"data"
        raise AnswerCut("shutting down")

    exchange, gone = Exchange(), Farewell()
    await exchange.run(sse(cut(), wire(), {}, gone))
    assert (exchange.chunks, exchange.complete, gone.calls) == ([b"data"], False, 0)


async def test_a_failure_of_the_source_breaks_the_answer_off() -> None:
    async def fail() -> AsyncIterator[bytes]:
        yield b"data"
        raise KeyError("lost")

    exchange = Exchange()
    with pytest.raises(KeyError):
        await exchange.run(sse(fail(), wire(), {}))
    assert (exchange.chunks, exchange.complete) == ([b"data"], False)


async def test_a_document_that_takes_its_time_comes_after_newlines() -> None:
    ready, exchange = asyncio.Event(), Exchange()

    async def document() -> bytes:
        await ready.wait()
        return b'{"a":1}'

    answer = late_json(document, wire(heartbeat_seconds=0.002), {"Location": "/x"})
    answering = asyncio.create_task(exchange.run(answer))
    await wait_until(lambda: len(exchange.chunks) >= 2)
    ready.set()
    await answering
    assert exchange.headers == {"content-type": "application/json", "location": "/x"}
    body = b"".join(exchange.chunks)
    assert set(exchange.chunks[:2]) == {b"\n"}
    assert (body.strip(), json.loads(body)) == (b'{"a":1}', {"a": 1})
