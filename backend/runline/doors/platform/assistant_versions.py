"""The versions of an assistant: list them, go back to one."""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import AssistantId
from runline.doors.platform.assistant_schemas import LatestBody, VersionsBody
from runline.doors.platform.words import assistant_to_wire, assistant_version_to_wire

routes = json_routes("Assistants")


@routes.post("/assistants/{assistant_id}/versions")
async def list_versions(assistant_id: AssistantId, body: VersionsBody, call: CallDep) -> Response:
    """Return an assistant's versions, the newest first."""
    versions = await call.core.assistant_versions.list(
        call.viewer, assistant_id, body.metadata, limit=body.limit, offset=body.offset
    )
    return json_response([assistant_version_to_wire(version) for version in versions])


@routes.post("/assistants/{assistant_id}/latest")
async def set_latest_version(assistant_id: AssistantId, body: LatestBody, call: CallDep) -> Response:
    """Make the assistant what it was in one of its versions."""
    assistant = await call.core.assistant_versions.set_latest(call.viewer, assistant_id, body.version)
    return json_response(assistant_to_wire(assistant))
