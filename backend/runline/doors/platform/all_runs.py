"""Runs whatever their thread.

Divergence 80: officially a run is found on its thread alone, and does not say when it began and ended, or its error.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import RunId
from runline.doors.platform.run_pages import RunPage, run_page
from runline.doors.platform.words import RUN_COURSE, run_with_course_to_wire, selected

routes = json_routes("Runs")


@routes.get("/runs")
async def list_all_runs(call: CallDep, page: Annotated[RunPage, Depends(run_page(*RUN_COURSE))]) -> Response:
    """List the runs of all threads, newest first; those without a thread while they last."""
    runs = await call.core.run_lists.list(call.viewer, page.status, page.limit, page.offset)
    return json_response(selected((run_with_course_to_wire(run, usage) for run, usage in runs), page.select))


@routes.get("/runs/{run_id}")
async def find_run(run_id: RunId, call: CallDep) -> Response:
    """Return one run, whatever its thread."""
    known = await call.core.runs.get(call.viewer, None, run_id)
    return json_response(run_with_course_to_wire(known.run, known.usage))
