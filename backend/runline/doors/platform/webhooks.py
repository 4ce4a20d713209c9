"""The log of a run's webhook.

Divergence 53: officially there is none.
"""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import RunId, ThreadId
from runline.doors.platform.webhook_words import delivery_to_wire

routes = json_routes("Runs")


@routes.get("/threads/{thread_id}/runs/{run_id}/webhooks")
async def list_webhooks(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """List what was told of a run's end, and how that went; also of a run that is gone."""
    deliveries = await call.core.runs.webhooks.list_of_run(call.viewer, thread_id, run_id)
    return json_response([delivery_to_wire(each) for each in deliveries])
