"""Feedback on runs: each viewer has one opinion of each run."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import FeedbackId, RunId, ThreadId
from runline.doors.insight.words import feedback_stats_to_wire, feedback_to_wire
from runline.model.feedback import Opinion

routes = json_routes("Insight")

_RATINGS = (1, -1)


def _storable(text: str) -> str:
    # PostgreSQL stores none
    if "\0" in text:
        raise ValueError("must be text without NUL")
    return text


def _rating(value: int) -> int:
    if value not in _RATINGS:
        raise ValueError("must be 1 or -1")
    return value


class FeedbackBody(BaseModel):
    """What the viewer thinks of a run: 1 or -1, perhaps why, perhaps of which of its messages."""

    model_config = ConfigDict(frozen=True)

    # strict: a truth is no number, whatever it is equal to
    rating: Annotated[int, Field(strict=True, json_schema_extra={"enum": list(_RATINGS)}), AfterValidator(_rating)]
    comment: Annotated[str, Field(max_length=10_000), AfterValidator(_storable)] | None = None
    message_id: Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_storable)] | None = None

    def opinion(self) -> Opinion:
        """The same in the core's words."""
        return Opinion(self.rating, self.comment, self.message_id)


@routes.put("/threads/{thread_id}/runs/{run_id}/feedback")
async def put_feedback(thread_id: ThreadId, run_id: RunId, body: FeedbackBody, call: CallDep) -> Response:
    """Give one's opinion of a run, in place of the one before."""
    feedback = await call.core.insight.feedback.put(call.viewer, thread_id, run_id, body.opinion())
    return json_response(feedback_to_wire(feedback))


@routes.get("/threads/{thread_id}/runs/{run_id}/feedback")
async def list_feedback(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """List the opinions of a run."""
    found = await call.core.insight.feedback.list_of_run(call.viewer, thread_id, run_id)
    return json_response([feedback_to_wire(feedback) for feedback in found])


@routes.get("/threads/{thread_id}/runs/{run_id}/feedback/stats")
async def get_feedback_stats(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """Count the opinions of a run."""
    stats = await call.core.insight.feedback.stats(call.viewer, thread_id, run_id)
    return json_response(feedback_stats_to_wire(run_id, stats))


@routes.delete("/threads/{thread_id}/runs/{run_id}/feedback/{feedback_id}", status_code=204)
async def delete_feedback(thread_id: ThreadId, run_id: RunId, feedback_id: FeedbackId, call: CallDep) -> Response:
    """Take one's own opinion back."""
    await call.core.insight.feedback.delete(call.viewer, thread_id, run_id, feedback_id)
    return Response(status_code=204)
