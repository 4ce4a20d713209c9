"""Runs without a thread: each is given one of its own, which goes with it unless `on_completion` is `keep`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body
from starlette.responses import Response

from runline.config import MOST_BATCHED
from runline.doors.http import EVENTS, CallDep, json_response, json_routes
from runline.doors.ids import RunId
from runline.doors.platform.idempotency import KeyDep
from runline.doors.platform.schemas import StatelessRunBody
from runline.doors.platform.specs import stateless_run_spec
from runline.doors.platform.streaming import Join, JoinDep, await_run, run_headers, stream_run
from runline.doors.platform.words import run_to_wire
from runline.errors import Invalid

routes = json_routes("Stateless runs")


@routes.post("/runs")
async def create_run(body: StatelessRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer at once."""
    run = await call.core.runs.create(call.viewer, None, stateless_run_spec(body, call.wire, call.headers), key)
    usage = await call.core.runs.usage_so_far(run)
    return json_response(run_to_wire(run, usage), headers=run_headers(run, threadless=True))


@routes.post("/runs/stream", response_class=Response, responses=EVENTS)
async def create_and_stream_run(body: StatelessRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer with its events as they come."""
    run = await call.core.runs.create(call.viewer, None, stateless_run_spec(body, call.wire, call.headers), key)
    join = Join(0, cancel_on_disconnect=body.on_disconnect == "cancel")
    return await stream_run(call, run, join, threadless=True)


@routes.post("/runs/wait")
async def create_and_await_run(body: StatelessRunBody, call: CallDep, key: KeyDep) -> Response:
    """Create a run and answer with its result once it has ended."""
    run = await call.core.runs.create(call.viewer, None, stateless_run_spec(body, call.wire, call.headers), key)
    return await_run(call, run, cancel_on_disconnect=body.on_disconnect == "cancel")


@routes.post("/runs/batch")
async def create_runs(
    bodies: Annotated[list[StatelessRunBody], Body(min_length=1, max_length=MOST_BATCHED)], call: CallDep
) -> Response:
    """Create several runs; all are checked before the first is made."""
    if len(bodies) > call.wire.max_batch:
        raise Invalid(f"A batch may hold at most {call.wire.max_batch} runs.")
    specs = [stateless_run_spec(body, call.wire, call.headers) for body in bodies]
    runs = await call.core.runs.create_many(call.viewer, specs)
    return json_response([run_to_wire(run) for run in runs])


@routes.get("/runs/{run_id}/stream", response_class=Response, responses=EVENTS)
async def join_run_stream(run_id: RunId, call: CallDep, join: JoinDep) -> Response:
    """Answer with a stateless run's events from now on or, with Last-Event-ID, after that one.

    Divergence 5: the reconnect URL that stateless streams announce exists.
    """
    run = await call.core.runs.find(call.viewer, run_id)
    return await stream_run(call, run, join, threadless=True)
