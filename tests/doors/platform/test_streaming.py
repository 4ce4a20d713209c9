"""Streams on the wire: bytes of events, filters, positions, headers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from runline.doors.live import AnswerCut
from runline.doors.platform.streaming import after_in_request, frame, frames, modes_in_query, run_headers
from runline.errors import Invalid
from runline.model.event import Event
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunSpec
from runline.streams.contracts import Batch, Ended, EventsGone

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = Run("r", "t", "g", "", RunStatus.PENDING, RunSpec("a"), {}, NOW, NOW, NOW)
END = b"event: end\r\ndata: null\r\n\r\n"


def test_an_event_is_three_lines_and_an_empty_one() -> None:
    assert frame(Event(7, "values|child:1", b'{"a":1}')) == b'event: values|child:1\r\ndata: {"a":1}\r\nid: 7\r\n\r\n'


def test_a_name_is_written_in_utf_8() -> None:
    assert frame(Event(1, "updates|kind:ü", b"null")) == "event: updates|kind:ü\r\ndata: null\r\nid: 1\r\n\r\n".encode()


async def batches(*given: Batch) -> AsyncIterator[Batch]:
    for batch in given:
        yield batch


VALUES, UPDATES = Event(1, "values", b"1"), Event(2, "updates|child:1", b"2")
MESSAGES, ERROR = Event(3, "messages/partial", b"3"), Event(4, "error", b"4")
ALL = [VALUES, UPDATES, MESSAGES, ERROR]


async def test_the_events_of_a_batch_are_one_chunk_and_the_end_is_an_event() -> None:
    chunks = [chunk async for chunk in frames(batches([VALUES, UPDATES], [ERROR], Ended(b"{}")), None)]
    assert chunks == [frame(VALUES) + frame(UPDATES), frame(ERROR), END]


async def test_nothing_follows_the_end() -> None:
    assert [chunk async for chunk in frames(batches(Ended(b"1"), [VALUES]), None)] == [END]


async def test_a_stream_that_is_broken_off_is_cut_without_an_end() -> None:
    """So that the client knows that it may come again."""
    shown = frames(batches([VALUES]), None)
    assert await anext(shown) == frame(VALUES)
    with pytest.raises(AnswerCut):
        await anext(shown)


async def test_a_batch_of_which_nothing_is_shown_is_no_chunk() -> None:
    chunks = [chunk async for chunk in frames(batches([UPDATES], [VALUES], Ended(b"1")), frozenset({"values"}))]
    assert chunks == [frame(VALUES), END]


async def test_a_reader_whose_events_are_gone_is_told_so_and_not_that_the_run_has_ended() -> None:
    async def broken() -> AsyncIterator[Batch]:
        yield [VALUES]
        raise EventsGone("r", 1)

    first, last = [chunk async for chunk in frames(broken(), None)]
    assert first == frame(VALUES)
    assert last.startswith(b'event: error\r\ndata: {"error":"EventsGone","message":"The events of run r after 1')


SPELLINGS: list[tuple[list[str] | None, set[str] | None]] = [
    (None, None),
    ([], None),
    ([""], None),
    (["[]"], None),
    (["values"], {"values"}),
    (["values", "updates"], {"values", "updates"}),
    (['["values","updates"]'], {"values", "updates"}),
    (['"values"'], {"values"}),
    (["values,updates"], {"values", "updates"}),
    (["values, updates", "custom"], {"values", "updates", "custom"}),
    (["messages-tuple"], {"messages"}),
    (["messages", "messages-tuple"], {"messages"}),
    (["values,values"], {"values"}),
]


@pytest.mark.parametrize(("query", "modes"), SPELLINGS)
async def test_modes_are_read_in_every_spelling(query: list[str] | None, modes: set[str] | None) -> None:
    assert await modes_in_query(query) == (None if modes is None else modes | {"error"})


@pytest.mark.parametrize(
    "query", [["nope"], ["values,nope"], ['["values",1]'], ["[values"], ["{}"], ["VALUES"], ["end"]]
)
async def test_a_mode_that_does_not_exist_is_refused(query: list[str]) -> None:
    with pytest.raises(Invalid, match=r"^Invalid stream mode: "):
        await modes_in_query(query)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        (None, ALL),
        (["values"], [VALUES, ERROR]),
        (["updates"], [UPDATES, ERROR]),
        (["messages-tuple"], [MESSAGES, ERROR]),
        (["custom"], [ERROR]),
    ],
)
async def test_a_filter_shows_its_modes_with_their_subgraphs_and_errors_in_any_case(
    query: list[str] | None, shown: list[Event]
) -> None:
    chunks = [chunk async for chunk in frames(batches(ALL, Ended(b"1")), await modes_in_query(query))]
    assert chunks == [b"".join(map(frame, shown)), END]


@pytest.mark.parametrize(
    ("header", "after"),
    [(None, None), ("-1", 0), ("0", 0), ("-", 0), ("1", 1), ("007", 7), ("1000000001", 1_000_000_001)],
)
async def test_a_position_is_read_from_the_header(header: str | None, after: int | None) -> None:
    assert await after_in_request(header) == after
    assert await after_in_request(None, header) == after


async def test_the_header_wins_over_the_query() -> None:
    assert await after_in_request("7", "0") == 7


@pytest.mark.parametrize(
    "header", ["", "x", "-2", "1.5", "1e3", " 1", "+1", "\u00b2", "\u0661", "1795162797010-0", "9" * 16]
)
async def test_a_position_that_is_none_is_refused(header: str) -> None:
    with pytest.raises(Invalid, match=r"^Invalid Last-Event-ID: "):
        await after_in_request(header)


def test_a_run_is_named_in_the_headers_without_host_query_or_prefix() -> None:
    assert run_headers(RUN) == {"Content-Location": "/threads/t/runs/r"}
    assert run_headers(RUN, reconnect="stream") == {
        "Content-Location": "/threads/t/runs/r",
        "Location": "/threads/t/runs/r/stream",
    }
    assert run_headers(RUN, reconnect="stream", threadless=True) == {
        "Content-Location": "/runs/r",
        "Location": "/runs/r/stream",
    }
