"""Threads: create, read, change, delete, find, copy."""

from __future__ import annotations

from fastapi import Header
from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes, pagination
from runline.doors.platform.ids import ThreadId
from runline.doors.platform.schemas import (
    ThreadCountBody,
    ThreadCreateBody,
    ThreadPatchBody,
    ThreadSearchBody,
)
from runline.doors.platform.words import selected, thread_to_wire
from runline.model.thread import Page, ThreadFilter

routes = json_routes("Threads")


@routes.post("/threads")
async def create_thread(body: ThreadCreateBody, call: CallDep) -> Response:
    """Create a thread."""
    call.wire.check_metadata(body.metadata)
    thread_id = str(body.thread_id) if body.thread_id else None
    exist_ok = body.if_exists == "do_nothing"
    thread = await call.core.threads.create(call.viewer, thread_id, body.metadata, exist_ok=exist_ok)
    return json_response(thread_to_wire(thread))


@routes.post("/threads/search")
async def search_threads(body: ThreadSearchBody, call: CallDep) -> Response:
    """Find threads, the most recently changed first unless sorted otherwise."""
    wanted = _filter(body, ids=tuple(str(thread_id) for thread_id in body.ids or ()))
    # observed: sort_order counts only together with sort_by
    descending = body.sort_by is None or body.sort_order != "asc"
    page = Page(body.limit, body.offset, body.sort_by or "updated_at", descending)
    threads = await call.core.threads.search(call.viewer, wanted, page)
    total = await call.core.threads.count(call.viewer, wanted)
    headers = pagination(offset=body.offset, limit=body.limit, total=total)
    return json_response(selected(map(thread_to_wire, threads), body.select), headers=headers)


@routes.post("/threads/count")
async def count_threads(body: ThreadCountBody, call: CallDep) -> Response:
    """Count threads."""
    return json_response(await call.core.threads.count(call.viewer, _filter(body)))


def _filter(body: ThreadCountBody, ids: tuple[str, ...] = ()) -> ThreadFilter:
    return ThreadFilter(ids=ids, metadata=body.metadata, values=body.values, status=body.status)


@routes.get("/threads/{thread_id}")
async def get_thread(thread_id: ThreadId, call: CallDep) -> Response:
    """Return a thread."""
    return json_response(thread_to_wire(await call.core.threads.get(call.viewer, thread_id)))


@routes.patch("/threads/{thread_id}", responses={204: {"description": "Changed, with `Prefer: return=minimal`"}})
async def patch_thread(thread_id: ThreadId, body: ThreadPatchBody, call: CallDep, prefer: str = Header("")) -> Response:
    """Merge metadata into a thread's."""
    call.wire.check_metadata(body.metadata)
    thread = await call.core.threads.patch(call.viewer, thread_id, body.metadata)
    if prefer == "return=minimal":
        return Response(status_code=204)
    return json_response(thread_to_wire(thread))


@routes.delete("/threads/{thread_id}", status_code=204)
async def delete_thread(thread_id: ThreadId, call: CallDep) -> Response:
    """Delete a thread with its runs and checkpoints, stopping what runs."""
    await call.core.runs.delete_thread(call.viewer, thread_id)
    return Response(status_code=204)


@routes.post("/threads/{thread_id}/copy")
async def copy_thread(thread_id: ThreadId, call: CallDep) -> Response:
    """Make a new thread with the same metadata and checkpoints; runs are not copied."""
    return json_response(thread_to_wire(await call.core.states.copy(call.viewer, thread_id)))
