"""Assistants: create, read, change, delete, find."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import Call, CallDep, json_response, json_routes, pagination
from runline.doors.ids import AssistantId
from runline.doors.platform.assistant_schemas import AssistantCreateBody, AssistantPatchBody
from runline.doors.platform.schemas import AssistantCountBody, AssistantSearchBody
from runline.doors.platform.words import assistant_to_wire, selected
from runline.model.thread import Page
from runline.storage.assistants import AssistantFilter

routes = json_routes("Assistants")


@routes.post("/assistants")
async def create_assistant(body: AssistantCreateBody, call: CallDep) -> Response:
    """Create an assistant, at version 1."""
    call.wire.check_metadata(body.metadata)
    call.core.registry.require(body.graph_id)
    exist_ok = body.if_exists == "do_nothing"
    assistant = await call.core.assistants.create(call.viewer, body.draft(), exist_ok=exist_ok)
    return json_response(assistant_to_wire(assistant))


@routes.post("/assistants/search")
async def search_assistants(body: AssistantSearchBody, call: CallDep) -> Response:
    """Find assistants, the newest first unless sorted otherwise."""
    wanted = _filter(call, body)
    descending = body.sort_by is None or body.sort_order != "asc"
    page = Page(body.limit, body.offset, body.sort_by or "created_at", descending)
    assistants = await call.core.assistants.search(call.viewer, wanted, page)
    total = await call.core.assistants.count(call.viewer, wanted)
    headers = pagination(offset=body.offset, limit=body.limit, total=total)
    return json_response(selected(map(assistant_to_wire, assistants), body.select), headers=headers)


@routes.post("/assistants/count")
async def count_assistants(body: AssistantCountBody, call: CallDep) -> Response:
    """Count assistants."""
    return json_response(await call.core.assistants.count(call.viewer, _filter(call, body)))


def _filter(call: Call, body: AssistantCountBody) -> AssistantFilter:
    if body.graph_id is not None:
        call.core.registry.require(body.graph_id)
    return AssistantFilter(body.graph_id, body.metadata, body.name)


@routes.get("/assistants/{assistant_id}")
async def get_assistant(assistant_id: AssistantId, call: CallDep) -> Response:
    """Return an assistant."""
    return json_response(assistant_to_wire(await call.core.assistants.get(call.viewer, assistant_id)))


@routes.patch("/assistants/{assistant_id}")
async def patch_assistant(assistant_id: AssistantId, body: AssistantPatchBody, call: CallDep) -> Response:
    """Make a new version: metadata is merged into the assistant's, everything else replaces what was."""
    change = body.change()
    if change.graph_id is not None:
        call.core.registry.require(change.graph_id)
    patched = await call.core.assistants.patch(call.viewer, assistant_id, change, call.wire.check_metadata)
    return json_response(assistant_to_wire(patched))


@routes.delete("/assistants/{assistant_id}", status_code=204)
async def delete_assistant(assistant_id: AssistantId, call: CallDep, delete_threads: bool = False) -> Response:
    """Delete an assistant with its versions, interrupting its active runs; `delete_threads`: its threads, too."""
    await call.core.assistant_removal.delete(call.viewer, assistant_id, with_threads=delete_threads)
    return Response(status_code=204)
