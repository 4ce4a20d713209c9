"""The server itself: health, facts, metrics.

Divergence 37: `/info` tells of Runline.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from runline import __version__
from runline.doors.http import REFUSALS, CallDep, json_response
from runline.doors.platform.metrics import render_metrics
from runline.model.lifecycle import RunStatus

routes = APIRouter(tags=["System"], responses=REFUSALS)

_INFO = {
    "version": __version__,
    "langgraph_py_version": version("langgraph"),
    "flags": {
        "assistants": True,
        "crons": True,
        "langsmith": False,
        "langsmith_tracing_replicas": False,
        "langsmith_tracing_session_on_runs": False,
    },
    "host": {
        "kind": "self-hosted",
        "project_id": None,
        "host_revision_id": None,
        "revision_id": None,
        "tenant_id": None,
    },
}


@routes.get("/")
@routes.get("/ok")
async def ok() -> Response:
    """Say that the process lives."""
    return json_response({"ok": True, "services": {}})


@routes.get("/ready")
async def ready(call: CallDep) -> Response:
    """Say whether runs are taken: 503 while the gateway shuts down or its database does not answer.

    With Redis it is `"redis": false` while that is away; runs are taken all the same.
    """
    await call.core.claims.active_counts()
    taking = not call.core.worker.draining
    redis = {"redis": call.core.redis.link.up} if call.core.redis else {}
    return json_response({"ready": taking, **redis}, status=200 if taking else 503)


@routes.get("/info")
async def info() -> Response:
    """Say what this server is."""
    return json_response(_INFO)


@routes.get("/metrics", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
async def metrics(call: CallDep, format: Literal["prometheus", "json"] = "prometheus") -> Response:
    """What the gateway counts and times, in Prometheus' text; or its queue as JSON."""
    core = call.core
    counts = await core.claims.active_counts()
    if format == "json":
        queue = {"n_pending": counts[RunStatus.PENDING], "n_running": counts[RunStatus.RUNNING]}
        return json_response({"queue": queue})
    stranded = await core.claims.stranded(core.registry.loaded)
    body, content_type = render_metrics(core.meters, counts, stranded, live=len(core.worker.live))
    return Response(body, media_type=content_type)
