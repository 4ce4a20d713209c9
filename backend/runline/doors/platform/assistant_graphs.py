"""The graph behind an assistant: its picture, its schemas, and those of its subgraphs."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import AssistantId
from runline.errors import Invalid

routes = json_routes("Assistants")


@routes.get("/assistants/{assistant_id}/graph")
async def get_assistant_graph(assistant_id: str, call: CallDep, xray: str | None = None) -> Response:
    """Return the nodes and edges of an assistant's graph; `xray` opens subgraphs, to a depth if it is a number."""
    return json_response(await call.core.assistant_graphs.draw(call.viewer, assistant_id, _xray(xray)))


@routes.get("/assistants/{assistant_id}/schemas")
async def get_assistant_schemas(assistant_id: AssistantId, call: CallDep) -> Response:
    """Return the JSON schemas of an assistant's graph."""
    return json_response(await call.core.assistant_graphs.schemas(call.viewer, assistant_id))


@routes.get("/assistants/{assistant_id}/subgraphs")
async def get_subgraphs(assistant_id: AssistantId, call: CallDep, recurse: bool = False) -> Response:
    """Return the JSON schemas of the graph's subgraphs by namespace; `recurse`: of those inside them, too."""
    return json_response(await call.core.assistant_graphs.subgraphs(call.viewer, assistant_id, None, recurse=recurse))


@routes.get("/assistants/{assistant_id}/subgraphs/{namespace}")
async def get_subgraph(assistant_id: AssistantId, namespace: str, call: CallDep, recurse: bool = False) -> Response:
    """Return the JSON schemas of the subgraph at a namespace (`child`, or with `recurse` also `child|grandchild`)."""
    found = await call.core.assistant_graphs.subgraphs(call.viewer, assistant_id, namespace, recurse=recurse)
    return json_response(found)


def _xray(text: str | None) -> bool | int:
    if text is None or text.lower() == "false":
        return False
    if text.lower() == "true":
        return True
    if text.isascii() and text.isdigit() and 0 < len(text) < 4 and int(text) > 0:
        return int(text)
    raise Invalid("Invalid xray value")
