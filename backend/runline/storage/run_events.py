"""The log of run events, read in the scope of a Viewer: messages of threads and runs, and everything of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from runline.model.feedback import Feedback
from runline.model.log_page import LogPage, Slice
from runline.model.run_event import RunEvent
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads
from runline.storage.feedback import feedback_by_last_message
from runline.storage.rows import readable, run_event_from_row
from runline.storage.sight import require_thread, run_is_over
from runline.storage.tables import is_message, run_events

_SAID_ON_THREAD: Select[Any] = select(run_events).where(run_events.c.thread_id == bindparam("thread"), is_message())
# by the run alone: its log is that of one thread
_OF_RUN: Select[Any] = select(run_events).where(run_events.c.run_id == bindparam("run"))
_SAID_BY_RUN = _OF_RUN.where(is_message())


@dataclass(frozen=True, slots=True)
class Message:
    """An entry that is a message, and what the viewer thinks of its run if it is the run's last from a model."""

    event: RunEvent
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class LogTail:
    """The next entries of a run's log. `after` is the place behind them; `over`: there will never be more there."""

    entries: Sequence[RunEvent]
    after: int
    over: bool


class RunEventStore:
    """The `run_events` table; the Ledger's side writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def thread_messages(self, connection: Connection, viewer: Viewer, thread_id: str, page: LogPage) -> Slice[Message]:
        """What was said on a thread, over all its runs. Raises ThreadNotFound."""
        require_thread(connection, viewer, thread_id)
        return _messages(connection, viewer, _SAID_ON_THREAD, {"thread": thread_id}, page)

    @reads
    def run_messages(
        self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str, page: LogPage
    ) -> Slice[Message]:
        """What was said in a run. Raises RunNotFound, NoRunLog."""
        run_is_over(connection, viewer, thread_id, run_id)
        return _messages(connection, viewer, _SAID_BY_RUN, {"run": run_id}, page)

    @reads
    def run_log(
        self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str, page: LogPage, types: Sequence[str]
    ) -> LogTail:
        """Entries of a run's log, of these types if any are named. Raises RunNotFound, NoRunLog."""
        # asked first: what is committed with the end is read below
        over = run_is_over(connection, viewer, thread_id, run_id)
        query = _OF_RUN.where(run_events.c.event_type.in_(types)) if types else _OF_RUN
        cut = Slice.of(page, _page(connection, query, {"run": run_id}, page))
        place = cut.entries[-1].seq if cut.entries else page.after or 0
        return LogTail(readable(cut.entries, run_event_from_row), place, over and not cut.has_more)


def _messages(
    connection: Connection, viewer: Viewer, query: Select[Any], values: dict[str, Any], page: LogPage
) -> Slice[Message]:
    cut = Slice.of(page, _page(connection, query, values, page))
    events = readable(cut.entries, run_event_from_row)
    opinions = feedback_by_last_message(connection, viewer, {event.run_id for event in events})
    return Slice([Message(event, opinions.get((event.run_id, event.seq))) for event in events], cut.has_more)


def _page(connection: Connection, query: Select[Any], values: dict[str, Any], page: LogPage) -> Sequence[Row[Any]]:
    """In the order in which the page is read, one more than it holds if there are so many."""
    seq = run_events.c.seq
    if page.after is not None:
        query = query.where(seq > page.after)
    if page.before is not None:
        query = query.where(seq < page.before)
    query = query.order_by(seq if page.forward else seq.desc()).limit(page.limit + 1)
    return connection.execute(query, values).all()
