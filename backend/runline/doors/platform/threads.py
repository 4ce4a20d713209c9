"""Threads: create, read, change, delete, find, copy."""

from __future__ import annotations

from typing import Any

from fastapi import Header
from starlette.responses import Response

from runline.doors.http import Call, CallDep, json_response, json_routes, pagination
from runline.doors.ids import ThreadId
from runline.doors.platform.thread_schemas import (
    SuperstepBody,
    ThreadCountBody,
    ThreadCreateBody,
    ThreadPatchBody,
    ThreadSearchBody,
    TtlBody,
)
from runline.doors.platform.words import extracted, selected, thread_to_wire, ttl_to_wire
from runline.model.thread import Page, ThreadFilter
from runline.model.ttl import Ttl
from runline.runs.supersteps import NodeUpdate, ThreadSpec

routes = json_routes("Threads")


@routes.post("/threads")
async def create_thread(body: ThreadCreateBody, call: CallDep) -> Response:
    """Create a thread."""
    call.wire.check_metadata(body.metadata)
    spec = ThreadSpec(
        thread_id=str(body.thread_id) if body.thread_id else None,
        metadata=body.metadata,
        exist_ok=body.if_exists == "do_nothing",
        ttl=_ttl(body.ttl),
        supersteps=[_updates(superstep) for superstep in body.supersteps or ()],
    )
    return json_response(thread_to_wire(await call.core.thread_maker.create(call.viewer, spec)))


def _ttl(body: TtlBody | None) -> Ttl | None:
    return Ttl(body.ttl, body.strategy) if body else None


def _updates(superstep: SuperstepBody) -> list[NodeUpdate]:
    return [
        NodeUpdate(update.as_node, update.values, update.command.model_dump() if update.command else None)
        for update in superstep.updates
    ]


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
    found = [thread_to_wire(thread) for thread in threads]
    return json_response(extracted(found, selected(found, body.select), body.extract or {}), headers=headers)


@routes.post("/threads/count")
async def count_threads(body: ThreadCountBody, call: CallDep) -> Response:
    """Count threads."""
    return json_response(await call.core.threads.count(call.viewer, _filter(body)))


def _filter(body: ThreadCountBody, ids: tuple[str, ...] = ()) -> ThreadFilter:
    return ThreadFilter(ids=ids, metadata=body.metadata, values=body.values, status=body.status)


@routes.get("/threads/{thread_id}")
async def get_thread(thread_id: ThreadId, call: CallDep, include: str = "") -> Response:
    """Return a thread; `include`, names with commas between, may ask for its `ttl`."""
    thread = thread_to_wire(await call.core.threads.get(call.viewer, thread_id))
    return json_response(thread | await _included(thread_id, call, include.split(",")))


async def _included(thread_id: str, call: Call, names: list[str]) -> dict[str, Any]:
    given = await call.core.ttls.find(call.viewer, thread_id) if "ttl" in names else None
    return {"ttl": ttl_to_wire(given)} if given else {}


@routes.patch("/threads/{thread_id}", responses={204: {"description": "Changed, with `Prefer: return=minimal`"}})
async def patch_thread(thread_id: ThreadId, body: ThreadPatchBody, call: CallDep, prefer: str = Header("")) -> Response:
    """Merge metadata into a thread's, or give it another time to live."""
    check = call.wire.check_metadata
    thread = await call.core.threads.patch(call.viewer, thread_id, body.metadata, _ttl(body.ttl), check)
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
