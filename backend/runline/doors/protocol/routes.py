"""The protocol over HTTP: commands, and the stream of a thread's events.

Divergence 64: ids of threads are checked; officially a stream for what can be no thread is open, and silent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import Response

from runline.doors.http import EVENTS, CallDep, json_response, json_routes
from runline.doors.ids import ThreadId
from runline.doors.live import AnswerCut, sse
from runline.doors.protocol.commands import reply
from runline.doors.protocol.filters import Filter
from runline.doors.protocol.reader import Reader
from runline.doors.protocol.schemas import CommandBody, SubscribeBody, read
from runline.doors.protocol.telling import Telling
from runline.doors.protocol.waiters import waits_for_its_run
from runline.errors import BadRequest, RunlineError
from runline.kit.json import JSONDecodeError

routes = json_routes("Agent streaming protocol")


def _documented(body: type[CommandBody] | type[SubscribeBody]) -> dict[str, Any]:
    content = {"application/json": {"schema": body.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}


async def _body(request: Request) -> Any:
    """The body as JSON, whose shape the protocol refuses in its own words."""
    try:
        return await request.json()
    except JSONDecodeError as exc:
        raise BadRequest("Invalid JSON body") from exc


Sent = Annotated[Any, Depends(_body)]


@routes.post("/threads/{thread_id}/commands", openapi_extra=_documented(CommandBody))
async def command(thread_id: ThreadId, sent: Sent, call: CallDep) -> Response:
    """Carry out a command. Whether it was refused is said by the reply: 400 is for what is no command."""
    answer, understood = await reply(call, thread_id, sent)
    return json_response(answer, status=200 if understood else 400)


@routes.post(
    "/threads/{thread_id}/stream/events",
    response_class=Response,
    responses=EVENTS,
    openapi_extra=_documented(SubscribeBody),
)
async def stream_events(thread_id: ThreadId, sent: Sent, call: CallDep, request: Request) -> Response:
    """Answer with the events of a thread, those of its runs to come too; it ends when the client leaves."""
    body = read(SubscribeBody, sent, BadRequest)
    waits = waits_for_its_run(request.headers.get("user-agent", ""), body)
    reader = Reader(call, thread_id, body.since, request.app.state.agent_events, waits=waits)
    # whoever has the answer may go on: nothing that comes behind it is missed
    return sse(_frames(await reader.begun(), body.filter), call.wire, {})


async def _frames(read: AsyncIterator[Sequence[Telling]], wanted: Filter) -> AsyncIterator[bytes]:
    try:
        async for tellings in read:
            frames = b"".join([telling.frames(wanted) for telling in tellings])
            del tellings
            if frames:
                yield frames
            del frames
    except RunlineError as exc:
        # the answer has begun: all that is left is to let the client come again
        raise AnswerCut(str(exc)) from exc
    raise AnswerCut("the gateway shuts down")
