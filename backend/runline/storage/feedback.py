"""Feedback: what viewers think of runs, one opinion of each on each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, delete, func, select, update

from runline.errors import NotFound, RunNotFound
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.feedback import Feedback, FeedbackStats, Opinion
from runline.model.viewer import Viewer
from runline.storage.engine import Database, insert_new, reads, writes
from runline.storage.rows import feedback_from_row, readable
from runline.storage.tables import feedback, is_message, run_events, runs

_RUN: Select[Any] = select(runs.c.run_id).where(
    runs.c.run_id == bindparam("run"), runs.c.thread_id == bindparam("thread"), runs.c.owner == bindparam("viewer")
)
# two statements, and not one that differs between databases; the second is what counts
_CLAIM = insert_new(feedback)
_SAY = (
    update(feedback)
    .where(feedback.c.run_id == bindparam("run"), feedback.c.author == bindparam("viewer"))
    .returning(*feedback.c)
)
_OF_RUN = select(feedback).where(feedback.c.run_id == bindparam("run")).order_by(feedback.c.feedback_id)
_STATS = select(
    func.count().label("total"),
    func.count(case((feedback.c.rating > 0, 1))).label("positive"),
    func.count(case((feedback.c.rating < 0, 1))).label("negative"),
).where(feedback.c.run_id == bindparam("run"))
_WITHDRAW = delete(feedback).where(
    feedback.c.feedback_id == bindparam("key"),
    feedback.c.run_id == bindparam("run"),
    feedback.c.author == bindparam("viewer"),
)
_LAST_MESSAGE = (
    select(run_events.c.seq)
    .where(run_events.c.run_id == feedback.c.run_id, is_message(), run_events.c.event_type == "ai_message")
    .order_by(run_events.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_WITH_LAST_MESSAGE: Select[Any] = select(feedback, _LAST_MESSAGE.label("last_message")).where(
    feedback.c.run_id.in_(bindparam("runs", expanding=True)), feedback.c.author == bindparam("viewer")
)


class FeedbackNotFound(NotFound):
    """Feedback that does not exist, or is not this viewer's own."""

    def __init__(self, feedback_id: object) -> None:
        super().__init__(f"Feedback {feedback_id} not found")


class FeedbackStore:
    """The `feedback` table, in the scope of a Viewer. Every method raises RunNotFound."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @writes
    def put(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str, opinion: Opinion) -> Feedback:
        """Keep the viewer's opinion of a run, in place of an earlier one."""
        _require_run(connection, viewer, thread_id, run_id)
        now = self._clock.now()
        said = {**asdict(opinion), "updated_at": now}
        ids = {"feedback_id": new_id(), "thread_id": thread_id, "run_id": run_id, "author": viewer.identity}
        connection.execute(_CLAIM, {**ids, **said, "created_at": now})
        return feedback_from_row(connection.execute(_SAY, {"run": run_id, "viewer": viewer.identity, **said}).one())

    @reads
    def list_of_run(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> list[Feedback]:
        """Everybody's opinions of a run, in the order in which they were first given."""
        _require_run(connection, viewer, thread_id, run_id)
        return readable(connection.execute(_OF_RUN, {"run": run_id}), feedback_from_row)

    @reads
    def stats(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> FeedbackStats:
        """How many opinions there are of a run."""
        _require_run(connection, viewer, thread_id, run_id)
        return FeedbackStats(**connection.execute(_STATS, {"run": run_id}).one()._mapping)

    @writes
    def delete(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str, feedback_id: str) -> None:
        """Take the viewer's own opinion back. Raises FeedbackNotFound, too."""
        _require_run(connection, viewer, thread_id, run_id)
        own = {"key": feedback_id, "run": run_id, "viewer": viewer.identity}
        if not connection.execute(_WITHDRAW, own).rowcount:
            raise FeedbackNotFound(feedback_id)


def feedback_by_last_message(
    connection: Connection, viewer: Viewer, run_ids: Collection[str]
) -> Mapping[tuple[str, int], Feedback]:
    """The viewer's opinions of these runs, by (run_id, seq) of the last message that a model made in each."""
    if not run_ids:
        return {}
    rows = connection.execute(_WITH_LAST_MESSAGE, {"runs": list(run_ids), "viewer": viewer.identity}).all()
    last = {row.feedback_id: row.last_message for row in rows}
    return {(own.run_id, last[own.feedback_id]): own for own in readable(rows, feedback_from_row)}


def _require_run(connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> None:
    wanted = {"run": run_id, "thread": thread_id, "viewer": viewer.identity}
    if connection.execute(_RUN, wanted).one_or_none() is None:
        raise RunNotFound(run_id)
