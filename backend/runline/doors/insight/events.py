"""The log of a run: a list for audits, and a stream of the same while it grows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header, Query
from starlette.responses import Response

from runline.doors.http import EVENTS, CallDep, json_response, json_routes
from runline.doors.ids import RunId, ThreadId
from runline.doors.insight.paging import EventLimit, Seq
from runline.doors.insight.words import run_event_to_wire
from runline.doors.live import AnswerCut, position, sse
from runline.doors.spellings import spelled
from runline.errors import Invalid, Unavailable
from runline.kit.json import dumps
from runline.model.log_page import LogPage
from runline.model.run_event import EventType, RunEvent
from runline.runs.log_streams import LogEnded, LogPart

routes = json_routes("Insight")

_MOST_TYPES = 100
_TYPES = frozenset(EventType)


async def _types_in_query(event_types: Annotated[list[str] | None, Query()] = None) -> list[str]:
    """Which entries, in all spellings of a list; all of them without any. Raises Invalid."""
    types = spelled(event_types or ())
    if len(types) > _MOST_TYPES:
        raise Invalid(f"event_types: must be at most {_MOST_TYPES} names")
    for name in types:
        if name not in _TYPES and not (name.startswith("middleware:") and name.isprintable()):
            raise Invalid(f"Invalid event type: {name}")
    return types


@routes.get("/threads/{thread_id}/runs/{run_id}/events")
async def list_events(
    thread_id: ThreadId,
    run_id: RunId,
    call: CallDep,
    types: Annotated[list[str], Depends(_types_in_query)],
    after_seq: Seq = None,
    limit: EventLimit = 500,
) -> Response:
    """List what happened in a run, oldest first; also of a run that was rolled back."""
    page = LogPage(limit, after=after_seq or 0)
    tail = await call.core.insight.events.run_log(call.viewer, thread_id, run_id, page, types)
    return json_response([run_event_to_wire(event) for event in tail.entries])


async def _after_in_header(last_event_id: Annotated[str | None, Header()] = None) -> int:
    """`Last-Event-ID`: the seq to go on from; everything is told without one."""
    return position(last_event_id) if last_event_id is not None else 0


@routes.get("/threads/{thread_id}/runs/{run_id}/events/stream", response_class=Response, responses=EVENTS)
async def stream_events(
    thread_id: ThreadId, run_id: RunId, call: CallDep, after: Annotated[int, Depends(_after_in_header)]
) -> Response:
    """Answer with the log of a run, then with what is added to it, until its last entry."""
    parts = await call.core.insight.logs.follow(call.viewer, thread_id, run_id, after)
    return sse(_frames(parts), call.wire, {})


async def _frames(parts: AsyncIterator[LogPart]) -> AsyncIterator[bytes]:
    try:
        async for part in parts:
            if isinstance(part, LogEnded):
                return
            yield b"".join(map(_frame, part))
    except Unavailable as exc:
        raise AnswerCut(str(exc)) from exc
    raise AnswerCut("the gateway shuts down")


def _frame(event: RunEvent) -> bytes:
    data = dumps(run_event_to_wire(event))
    return b"event: %b\r\ndata: %b\r\nid: %d\r\n\r\n" % (_name(event.event_type), data, event.seq)


def _name(event_type: str) -> bytes:
    """Tags of middleware are the project's own, and may hold what would end a line."""
    return "".join(letter for letter in event_type if letter.isprintable()).encode()
