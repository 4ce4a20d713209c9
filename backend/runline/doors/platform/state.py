"""The state of threads: read, page through, update.

Divergence 39: a checkpoint always names its namespace; `before` may be an id in a body, too.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from runline.doors.http import Call, CallDep, json_response, json_routes
from runline.doors.ids import ThreadId
from runline.doors.platform.schemas import CheckpointName, HistoryBody, StateReadBody, StateUpdateBody
from runline.doors.platform.state_words import state_to_wire, updated_to_wire
from runline.errors import Invalid
from runline.kit.ids import parse_id
from runline.runs.states import HistoryQuery, StateUpdate

routes = json_routes("Thread state")


@routes.get("/threads/{thread_id}/state")
async def get_state(thread_id: ThreadId, call: CallDep, subgraphs: bool = False) -> Response:
    """Return the newest state."""
    return json_response(state_to_wire(await call.core.states.get(call.viewer, thread_id, subgraphs=subgraphs)))


@routes.get("/threads/{thread_id}/state/{checkpoint_id}")
async def get_state_at(thread_id: ThreadId, checkpoint_id: str, call: CallDep, subgraphs: bool = False) -> Response:
    """Return the state at a checkpoint."""
    checkpoint = {"checkpoint_id": checkpoint_id}
    state = await call.core.states.get(call.viewer, thread_id, checkpoint, subgraphs=subgraphs)
    return json_response(state_to_wire(state))


@routes.post("/threads/{thread_id}/state/checkpoint")
async def read_state(thread_id: ThreadId, body: StateReadBody, call: CallDep) -> Response:
    """Return the state at a checkpoint, which may be one of a subgraph."""
    state = await call.core.states.get(call.viewer, thread_id, _named(body.checkpoint), subgraphs=bool(body.subgraphs))
    return json_response(state_to_wire(state))


@routes.post("/threads/{thread_id}/state")
async def update_state(thread_id: ThreadId, body: StateUpdateBody, call: CallDep) -> Response:
    """Write a new state, as if by a node."""
    plain = {"checkpoint_id": body.checkpoint_id} if body.checkpoint_id else {}
    update = StateUpdate(body.values, body.as_node, {**plain, **_named(body.checkpoint)} or None)
    return json_response(updated_to_wire(await call.core.states.update(call.viewer, thread_id, update)))


@routes.get("/threads/{thread_id}/history")
async def get_history(
    thread_id: ThreadId,
    call: CallDep,
    limit: Annotated[int, Query(ge=0, le=1000)] = 1,
    before: str | None = None,
) -> Response:
    """Return the states of a thread, newest first."""
    return await _history(call, thread_id, HistoryQuery(limit=limit, before=_before(before)))


@routes.post("/threads/{thread_id}/history")
async def search_history(thread_id: ThreadId, body: HistoryBody, call: CallDep) -> Response:
    """Return the states of a thread or of one of its subgraphs, newest first."""
    query = HistoryQuery(
        limit=body.limit,
        before=_before(body.before),
        checkpoint_ns=_named(body.checkpoint).get("checkpoint_ns", ""),
        metadata=dict(body.metadata) if body.metadata else None,
    )
    return await _history(call, thread_id, query)


async def _history(call: Call, thread_id: str, query: HistoryQuery) -> Response:
    states = await call.core.states.history(call.viewer, thread_id, query) if query.limit else []
    return json_response([state_to_wire(state) for state in states])


def _named(checkpoint: CheckpointName | None) -> dict[str, Any]:
    return checkpoint.model_dump(exclude_none=True) if checkpoint else {}


def _before(before: str | dict[str, Any] | None) -> str | None:
    """A checkpoint id: plain, in a checkpoint object, or in a config. Raises Invalid."""
    if before is None:
        return None
    if isinstance(before, dict):
        nested = before.get("configurable")
        before = (nested if isinstance(nested, dict) else before).get("checkpoint_id")
    if not isinstance(before, str) or parse_id(before) is None:
        raise Invalid("before: must be a checkpoint ID, a checkpoint or its config")
    return before
