"""What was said: the messages of a thread over all its runs, and those of one run."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import RunId, ThreadId
from runline.doors.insight.paging import OlderPageDep, PageDep
from runline.doors.insight.words import message_page_to_wire, message_to_wire

routes = json_routes("Insight")


@routes.get("/threads/{thread_id}/messages")
async def list_messages(thread_id: ThreadId, call: CallDep, page: PageDep) -> Response:
    """List what was said on a thread, oldest first: the newest, or those behind or before a seq."""
    cut = await call.core.insight.events.thread_messages(call.viewer, thread_id, page)
    return json_response([message_to_wire(message) for message in cut.entries])


@routes.get("/threads/{thread_id}/messages/page")
async def page_messages(thread_id: ThreadId, call: CallDep, page: OlderPageDep) -> Response:
    """The same from the newest backwards, with the place to go on from."""
    cut = await call.core.insight.events.thread_messages(call.viewer, thread_id, page)
    next_before_seq = cut.entries[0].event.seq if cut.has_more else None
    return json_response({**message_page_to_wire(cut), "next_before_seq": next_before_seq})


@routes.get("/threads/{thread_id}/runs/{run_id}/messages")
async def list_run_messages(thread_id: ThreadId, run_id: RunId, call: CallDep, page: PageDep) -> Response:
    """What was said in a run, oldest first; a run that was rolled back has said nothing."""
    cut = await call.core.insight.events.run_messages(call.viewer, thread_id, run_id, page)
    return json_response(message_page_to_wire(cut))
