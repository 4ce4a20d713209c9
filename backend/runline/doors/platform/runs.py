"""Runs on threads: create, stream, wait, read, cancel, join, delete.

Divergence 4: a run that exists nowhere is 404 on join and stream too; a store-only run that cannot be streamed is
409; cancelling a finished run is 409; `POST .../stream?action=` cancels, then streams what is left.
Divergence 170: a list tells of the course of runs what `select` names, such as `run_started_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from starlette.responses import Response

from runline.doors.http import EVENTS, CallDep, json_response, json_routes
from runline.doors.ids import RunId, ThreadId
from runline.doors.platform.idempotency import KeyDep
from runline.doors.platform.run_pages import RunPage, run_page
from runline.doors.platform.schemas import CancelManyBody, ThreadRunBody
from runline.doors.platform.specs import thread_run_spec
from runline.doors.platform.streaming import Join, JoinDep, await_run, run_headers, stream_run
from runline.doors.platform.words import RUN_COURSE, run_to_wire, run_with_course_to_wire, selected
from runline.model.lifecycle import ACTIVE, CancelAction, RunStatus
from runline.storage.runs import RunFilter

routes = json_routes("Runs")
_PageDep = Annotated[RunPage, Depends(run_page(*RUN_COURSE))]


@dataclass(frozen=True, slots=True)
class _Cancel:
    action: CancelAction
    wait: bool


async def _cancel_in_query(action: CancelAction = CancelAction.INTERRUPT, wait: bool = False) -> _Cancel:
    return _Cancel(action, wait)


CancelDep = Annotated[_Cancel, Depends(_cancel_in_query)]


@routes.post("/threads/{thread_id}/runs")
async def create_run(thread_id: ThreadId, body: ThreadRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer at once."""
    run = await call.core.runs.create(call.viewer, thread_id, thread_run_spec(body, call.wire, call.headers), key)
    usage = await call.core.runs.usage_so_far(run)
    return json_response(run_to_wire(run, usage), headers=run_headers(run))


@routes.post("/threads/{thread_id}/runs/stream", response_class=Response, responses=EVENTS)
async def create_and_stream_run(thread_id: ThreadId, body: ThreadRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer with its events as they come."""
    run = await call.core.runs.create(call.viewer, thread_id, thread_run_spec(body, call.wire, call.headers), key)
    return await stream_run(call, run, Join(0, cancel_on_disconnect=body.on_disconnect == "cancel"))


@routes.post("/threads/{thread_id}/runs/wait")
async def create_and_await_run(thread_id: ThreadId, body: ThreadRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer with its result once it has ended."""
    run = await call.core.runs.create(call.viewer, thread_id, thread_run_spec(body, call.wire, call.headers), key)
    return await_run(call, run, cancel_on_disconnect=body.on_disconnect == "cancel")


@routes.get("/threads/{thread_id}/runs")
async def list_runs(thread_id: ThreadId, call: CallDep, page: _PageDep) -> Response:
    """List a thread's runs, newest first."""
    await call.core.threads.get(call.viewer, thread_id)
    runs = await call.core.runs.list_of_thread(call.viewer, thread_id, page.status, page.limit, page.offset)
    to_wire = run_with_course_to_wire if page.select else run_to_wire
    return json_response(selected((to_wire(known.run, known.usage) for known in runs), page.select))


@routes.get("/threads/{thread_id}/runs/{run_id}")
async def get_run(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """Return one run."""
    known = await call.core.runs.get(call.viewer, thread_id, run_id)
    return json_response(run_to_wire(known.run, known.usage))


@routes.delete("/threads/{thread_id}/runs/{run_id}", status_code=204)
async def delete_run(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """Delete a run and its checkpoints, stopping it first."""
    await call.core.runs.delete(call.viewer, thread_id, run_id)
    return Response(status_code=204)


@routes.get("/threads/{thread_id}/runs/{run_id}/join")
async def join_run(thread_id: ThreadId, run_id: RunId, call: CallDep, cancel_on_disconnect: bool = False) -> Response:
    """Answer with a run's result once it has ended."""
    run = await call.core.runs.find(call.viewer, run_id, thread_id)
    return await_run(call, run, cancel_on_disconnect=cancel_on_disconnect)


@routes.get("/threads/{thread_id}/runs/{run_id}/stream", response_class=Response, responses=EVENTS)
async def join_run_stream(thread_id: ThreadId, run_id: RunId, call: CallDep, join: JoinDep) -> Response:
    """Answer with a run's events from now on or, with Last-Event-ID, after that one."""
    run = await call.core.runs.find(call.viewer, run_id, thread_id)
    return await stream_run(call, run, join)


_STOPPED: dict[int | str, dict[str, Any]] = {204: {"description": "The run has stopped"}}


@routes.post("/threads/{thread_id}/runs/{run_id}/stream", response_class=Response, responses={**EVENTS, **_STOPPED})
async def cancel_and_stream_run(
    thread_id: ThreadId, run_id: RunId, call: CallDep, join: JoinDep, cancel: CancelDep
) -> Response:
    """Cancel a run, then answer with the events that are left; with `wait`, with 204 once it has stopped."""
    run = await call.core.runs.find(call.viewer, run_id, thread_id)
    streamed = await stream_run(call, run, join)
    await call.core.runs.cancel(call.viewer, thread_id, run_id, cancel.action)
    if not cancel.wait:
        return streamed
    await call.core.runs.result(run)
    return Response(status_code=204)


@routes.post("/threads/{thread_id}/runs/{run_id}/cancel", responses={202: {"description": "The run is told to stop"}})
async def cancel_run(thread_id: ThreadId, run_id: RunId, call: CallDep, cancel: CancelDep) -> Response:
    """Cancel a run: 202 at once, or with `wait` its result once it has stopped."""
    run = await call.core.runs.find(call.viewer, run_id, thread_id)
    await call.core.runs.cancel(call.viewer, thread_id, run_id, cancel.action)
    return await_run(call, run) if cancel.wait else Response(status_code=202)


@routes.post("/runs/cancel", status_code=204)
async def cancel_runs(body: CancelManyBody, call: CallDep, action: CancelAction = CancelAction.INTERRUPT) -> Response:
    """Cancel all runs of a status, or some of a thread."""
    await call.core.runs.cancel_many(call.viewer, _filter(body), action)
    return Response(status_code=204)


def _filter(body: CancelManyBody) -> RunFilter:
    if body.run_ids is not None:
        return RunFilter(str(body.thread_id), tuple(str(run_id) for run_id in body.run_ids))
    return RunFilter(statuses=(RunStatus(body.status),) if body.status in ACTIVE else ACTIVE)
