"""Answers as documents that can be compared: {"status", "headers", "body"}, or for an event stream {"status",
"headers", "events": [{"event", "data"}], "ids": "every" | "some" | "none", "place": bool, "end": bool}.

`place` is whether the stream begins with an id that no event has, `end` whether it ends with an event of that name;
neither is among its events. The events of a thread by the agent streaming protocol are told without their ids and
times: "marks" is whether the ids are unique and the seqs grow.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx

_ALWAYS = ("content-type", "location", "content-location", "x-pagination-next", "x-pagination-total")
EVENT_STREAM = "text/event-stream"

Document = dict[str, Any]


class FormError(Exception):
    """An event stream is not in the form that clients read."""


def is_stream(response: httpx.Response) -> bool:
    """Whether an answer consists of events."""
    return str(response.headers.get("content-type", "")).startswith(EVENT_STREAM)


async def document_of(response: httpx.Response, headers: Iterable[str], leave_after: str) -> Document:
    """Read an answer to its end, or up to an event of that name, or an agent event of that kind (`kind_of`)."""
    document: Document = {"status": response.status_code, "headers": _headers(response, headers)}
    if is_stream(response):
        return {**document, **_stream([event async for event in _until(_events(response), leave_after)])}
    await response.aread()
    return {**document, "body": _body(response)}


def _headers(response: httpx.Response, more: Iterable[str]) -> dict[str, str]:
    return {name: response.headers[name] for name in (*_ALWAYS, *more) if name in response.headers}


def _body(response: httpx.Response) -> Any:
    if not response.content:
        return None
    try:
        return json.loads(response.content)
    except ValueError:
        return response.text


def _stream(events: list[dict[str, Any]]) -> Document:
    placed = bool(events) and "event" not in events[0]
    ends = bool(events) and events[-1].get("event") == "end"
    told = events[placed : len(events) - ends]
    if told and all(is_agent_event(event.get("data")) for event in told):
        return agent_events([event["data"] for event in told])
    numbered = sum("id" in event for event in told)
    return {
        "events": [{"event": event["event"], "data": event["data"]} for event in told],
        "ids": "none" if not numbered else "every" if numbered == len(told) else "some",
        "place": placed,
        "end": ends,
    }


async def _until(events: AsyncIterator[dict[str, Any]], name: str) -> AsyncIterator[dict[str, Any]]:
    async for event in events:
        yield event
        if name and name in (event.get("event"), kind_of(event.get("data"))):
            return


def is_agent_event(data: Any) -> bool:
    """Whether it is an event of the agent streaming protocol."""
    return isinstance(data, dict) and data.get("type") == "event" and "event_id" in data


def kind_of(data: Any) -> str:
    """`root completed` for the lifecycle of a graph at its root, and the like; empty for all else."""
    if not is_agent_event(data) or data["method"] != "lifecycle" or data["params"]["namespace"]:
        return ""
    return f"root {data['params']['data']['event']}"


def agent_events(events: list[Any]) -> Document:
    """Events of the agent streaming protocol as what they tell."""
    seqs, ids = [event["seq"] for event in events], [event["event_id"] for event in events]
    told = [{"method": event["method"], "params": event["params"]} for event in events]
    for each in told:
        each["params"] = {name: value for name, value in each["params"].items() if name != "timestamp"}
    marks = {"seqs grow": seqs == sorted(set(seqs)), "ids are unique": len(set(ids)) == len(ids)}
    return {"events": told, "marks": marks}


async def _events(response: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """The events of a stream, without its comments, in the form that clients of the platform were written against:
    lines end with CR LF and hold one `field: value`; an event is `event`, `data`, perhaps `id`, and an empty line.
    Before the first one there may be an `id` alone.
    """
    rest, first = "", True
    async for text in response.aiter_text():
        *blocks, rest = (rest + text).split("\r\n\r\n")
        for block in blocks:
            if not block.startswith(":"):
                yield _event(block, may_be_place=first)
                first = False


def _event(block: str, *, may_be_place: bool) -> dict[str, Any]:
    fields = dict(line.split(": ", 1) for line in block.split("\r\n"))
    if may_be_place and [*fields] == ["id"]:
        return fields
    if [*fields] not in (["event", "data"], ["event", "data", "id"]):
        raise FormError(f"an event has the fields {', '.join(fields)}")
    return {**fields, "data": json.loads(fields["data"])}
