"""How event streams are read, and which are not in the form that clients were written against."""

from __future__ import annotations

import httpx
import pytest

from conformance.answers import Document, FormError, document_of

PLACE = "id: 7-0\r\n\r\n"
FIRST = 'event: values\r\ndata: {"n": 1}\r\nid: 7-1\r\n\r\n'
END = "event: end\r\ndata: null\r\nid: 7-2\r\n\r\n"
TOLD = {"event": "values", "data": {"n": 1}}


async def read(text: str, leave_after: str = "") -> Document:
    headers = {"content-type": "text/event-stream"}
    return await document_of(httpx.Response(200, headers=headers, text=text), (), leave_after)


@pytest.mark.parametrize(
    ("text", "events", "place", "end"),
    [
        (FIRST, [TOLD], False, False),
        (FIRST + END, [TOLD], False, True),
        (PLACE + FIRST, [TOLD], True, False),
        (": heartbeat\r\n\r\n" + PLACE + FIRST + END, [TOLD], True, True),
        (PLACE, [], True, False),
    ],
)
async def test_the_place_and_the_end_of_a_stream_are_told_apart_from_its_events(
    text: str, events: list[object], *, place: bool, end: bool
) -> None:
    document = await read(text)
    assert (document["events"], document["place"], document["end"]) == (events, place, end)
    assert document["ids"] == ("every" if events else "none")


async def test_a_stream_can_be_left_behind_its_place() -> None:
    assert (await read(PLACE + FIRST + END, leave_after="values"))["end"] is False


@pytest.mark.parametrize("text", [FIRST + PLACE, PLACE + PLACE, "data: 1\r\n\r\n", "id: 1\r\nevent: a\r\n\r\n"])
async def test_an_id_alone_anywhere_else_is_no_form_that_clients_read(text: str) -> None:
    with pytest.raises(FormError):
        await read(text)
