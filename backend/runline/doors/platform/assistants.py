"""Assistants, to read: one per graph."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import Call, CallDep, json_response, json_routes, pagination
from runline.doors.platform.ids import AssistantId
from runline.doors.platform.schemas import AssistantCountBody, AssistantSearchBody
from runline.doors.platform.words import assistant_to_wire, selected
from runline.errors import Invalid
from runline.model.thread import Page
from runline.storage.assistants import AssistantFilter

routes = json_routes("Assistants")


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


@routes.get("/assistants/{assistant_id}/graph")
async def get_assistant_graph(assistant_id: str, call: CallDep, xray: str | None = None) -> Response:
    """Return the nodes and edges of an assistant's graph; `xray` opens subgraphs, to a depth if it is a number."""
    return json_response(await call.core.assistant_graphs.draw(call.viewer, assistant_id, _xray(xray)))


@routes.get("/assistants/{assistant_id}/schemas")
async def get_assistant_schemas(assistant_id: AssistantId, call: CallDep) -> Response:
    """Return the JSON schemas of an assistant's graph."""
    return json_response(await call.core.assistant_graphs.schemas(call.viewer, assistant_id))


def _xray(text: str | None) -> bool | int:
    if text is None or text.lower() == "false":
        return False
    if text.lower() == "true":
        return True
    if text.isascii() and text.isdigit() and 0 < len(text) < 4 and int(text) > 0:
        return int(text)
    raise Invalid("Invalid xray value")
