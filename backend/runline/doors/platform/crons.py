"""Crons: runs that are made again and again, on one thread or each on its own.

Divergence 40: what a cron is asked for is checked when it is made, and a schedule has five or six fields.
Divergence 41: `last_error` says why the latest tick made no run; missed ticks are skipped.
Divergence 43: runs carry `cron_id` in their metadata, too; `payload` holds what they are asked for with, and when.
"""

from __future__ import annotations

from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes, pagination
from runline.doors.ids import CronId, ThreadId
from runline.doors.platform.cron_schemas import (
    CronCountBody,
    CronPatchBody,
    CronSearchBody,
    StatelessCronBody,
    ThreadCronBody,
)
from runline.doors.platform.cron_specs import cron_change, schedule_of, stateless_cron_spec, thread_cron_spec
from runline.doors.platform.cron_words import cron_to_wire
from runline.doors.platform.words import selected
from runline.model.cron import CronFilter
from runline.model.thread import Page

routes = json_routes("Crons")


@routes.post("/threads/{thread_id}/runs/crons")
async def create_thread_cron(thread_id: ThreadId, body: ThreadCronBody, call: CallDep) -> Response:
    """Make a run on this thread whenever the schedule says so."""
    spec = thread_cron_spec(body, call.wire)
    enabled = body.enabled is not False
    cron = await call.core.cron_manager.create(call.viewer, thread_id, schedule_of(body), spec, enabled=enabled)
    return json_response(cron_to_wire(cron))


@routes.post("/runs/crons")
async def create_cron(body: StatelessCronBody, call: CallDep) -> Response:
    """Make a run on a thread of its own whenever the schedule says so."""
    spec = stateless_cron_spec(body, call.wire)
    enabled = body.enabled is not False
    cron = await call.core.cron_manager.create(call.viewer, None, schedule_of(body), spec, enabled=enabled)
    return json_response(cron_to_wire(cron))


@routes.post("/runs/crons/search")
async def search_crons(body: CronSearchBody, call: CallDep) -> Response:
    """Find crons, the newest first unless sorted otherwise."""
    wanted = _filter(body)
    # observed: sort_order counts only together with sort_by
    descending = body.sort_by is None or body.sort_order != "asc"
    page = Page(body.limit, body.offset, body.sort_by or "created_at", descending)
    crons = await call.core.crons.search(call.viewer, wanted, page)
    total = await call.core.crons.count(call.viewer, wanted)
    headers = pagination(offset=body.offset, limit=body.limit, total=total)
    return json_response(selected(map(cron_to_wire, crons), body.select), headers=headers)


@routes.post("/runs/crons/count")
async def count_crons(body: CronCountBody, call: CallDep) -> Response:
    """Count crons."""
    return json_response(await call.core.crons.count(call.viewer, _filter(body)))


def _filter(body: CronCountBody) -> CronFilter:
    return CronFilter(
        assistant_id=str(body.assistant_id) if body.assistant_id else None,
        thread_id=str(body.thread_id) if body.thread_id else None,
        enabled=body.enabled,
        metadata=body.metadata,
    )


@routes.get("/runs/crons/{cron_id}")
async def get_cron(cron_id: CronId, call: CallDep) -> Response:
    """Return a cron."""
    return json_response(cron_to_wire(await call.core.crons.get(call.viewer, cron_id)))


@routes.patch("/runs/crons/{cron_id}")
async def patch_cron(cron_id: CronId, body: CronPatchBody, call: CallDep) -> Response:
    """Change a cron: metadata is merged, other fields are replaced, and its next tick reckoned anew."""
    change = cron_change(body, call.wire)
    cron = await call.core.cron_manager.change(call.viewer, cron_id, change, call.wire.check_metadata)
    return json_response(cron_to_wire(cron))


@routes.delete("/runs/crons/{cron_id}", status_code=204)
async def delete_cron(cron_id: CronId, call: CallDep) -> Response:
    """Delete a cron; the runs it made stay."""
    await call.core.crons.delete(call.viewer, cron_id)
    return Response(status_code=204)
