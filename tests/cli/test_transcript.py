"""A run's events, as bytes on their way in and as text on their way out."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from runline.cli.events import SentEvent, parse
from runline.cli.transcript import Transcript, brief


def shown(*events: tuple[str, Any]) -> list[str]:
    """The lines that these events are printed as."""
    console = Console(file=StringIO(), width=200, highlight=False, markup=False)
    transcript = Transcript(console)
    for number, (name, data) in enumerate(events):
        transcript.show(SentEvent(str(number), name, data))
    transcript.end()
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


def part(text: Any, message_id: str = "m1", **more: Any) -> list[Any]:
    return [{"type": "AIMessageChunk", "id": message_id, "content": text, **more}, {"langgraph_node": "model"}]


def test_the_parts_of_a_message_are_one_line() -> None:
    parts = [("messages", part(text)) for text in ("Hel", "lo", "", [{"type": "text", "text": " you"}])]

    assert shown(*parts, ("custom", {"n": 1}), ("messages", part("Again", "m2"))) == [
        "model> Hello you",
        "custom: {n: 1}",
        "model> Again",
    ]


def test_a_message_that_grows_is_printed_once() -> None:
    grown = [("messages/partial", [{"type": "ai", "id": "m1", "content": text}]) for text in ("Hel", "Hello")]
    whole = ("messages/complete", [{"type": "ai", "id": "m1", "content": "Hello"}])

    assert shown(("messages/metadata", {}), *grown, whole) == ["ai> Hello"]


def test_the_parts_of_a_call_of_a_tool_are_one_line() -> None:
    first = part("", tool_call_chunks=[{"name": "add", "args": "", "id": "c1"}])
    rest = [part("", tool_call_chunks=[{"name": None, "args": text, "id": None}]) for text in ('{"a":', "1}")]

    assert shown(*(("messages", each) for each in [first, *rest])) == ['model calls add {"a":1}']


def test_text_cannot_command_the_terminal() -> None:
    events = (
        ("messages", part("a\x1b[2Jb\x07")),
        ("custom", "\x9b31m"),
        ("error", {"error": "E", "message": "\x1b]0;x"}),
    )

    assert not any(char in line for line in shown(*events) for char in "\x1b\x07\x9b")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({}, "{}"),
        ({"a": {"b": {"c": 1}}}, "{a: {b: {1 keys}}}"),
        ({"log": ["one", "two"]}, "{log: [2, last 'two']}"),
        ({str(n): n for n in range(10)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 2 more}"),
        ("x" * 500, "'" + "x" * 159 + "…"),
        ([{"type": "ai", "content": "Hi"}], "[ai 'Hi']"),
        (None, "None"),
    ],
)
def test_values_are_told_in_brief(value: Any, text: str) -> None:
    assert brief(value) == text


BODY = (
    b": heartbeat\r\n\r\n"
    b'event: custom\r\ndata: "a\xe2\x80\xa8b"\r\nid: 7\r\n\r\n'
    b"event: error\r\ndata: {}\r\n\r\n"
    b"event: custom\r\ndata: 1"
)


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_events_are_parsed_however_their_bytes_arrive(size: int) -> None:
    """A line separator in JSON ends no line, and an event that was cut off is none."""
    chunks = [BODY[start : start + size] for start in range(0, len(BODY), size)]

    assert list(parse(chunks)) == [SentEvent("7", "custom", "a\u2028b"), SentEvent(None, "error", {})]
