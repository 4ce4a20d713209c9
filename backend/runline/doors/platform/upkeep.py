"""Threads in bulk and in bytes: pruning them, and what they take."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import ThreadId
from runline.doors.platform.thread_schemas import ThreadPruneBody
from runline.doors.platform.words import weight_to_wire

routes = json_routes("Threads")


@routes.post("/threads/prune")
async def prune_threads(body: ThreadPruneBody, call: CallDep) -> Response:
    """Delete threads, or all of their past but their newest state. Unknown and busy ones are left alone."""
    thread_ids = [str(thread_id) for thread_id in body.thread_ids]
    pruned = await call.core.upkeep.prune(call.viewer, thread_ids, body.strategy)
    return json_response({"pruned_count": pruned})


@routes.get("/threads/{thread_id}/storage")
async def get_storage(thread_id: ThreadId, call: CallDep) -> Response:
    """Return the bytes that the thread's checkpoints take, as stored."""
    return json_response(weight_to_wire(thread_id, await call.core.upkeep.weigh(call.viewer, thread_id)))
