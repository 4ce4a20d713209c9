"""The log and the ledger as they stand in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from runline.kit.ids import new_id
from runline.model.entries import Entries
from runline.model.run import Run
from runline.model.run_event import EventCategory, EventType, RunEvent
from runline.model.usage import Caller, Tokens, UsageEntry
from runline.storage.engine import Database
from runline.storage.tables import run_events, usage_entries
from storage.world import START


async def events_of(database: Database, thread_id: str) -> list[Any]:
    """The rows of a thread's log, by seq."""
    query = select(run_events).where(run_events.c.thread_id == thread_id).order_by(run_events.c.seq)
    return await _all(database, query)


async def types_of(database: Database, run: Run) -> list[str]:
    """What a run's log tells, in order."""
    return [row.event_type for row in await events_of(database, run.thread_id) if row.run_id == run.run_id]


async def usage_of(database: Database, run: Run | None = None) -> list[Any]:
    """The rows of the ledger, of one run or of all, in the order of their calls."""
    query = select(usage_entries).order_by(usage_entries.c.started_at)
    return await _all(database, query.where(usage_entries.c.run_id == run.run_id) if run else query)


async def _all(database: Database, query: Any) -> list[Any]:
    def read(connection: Connection) -> list[Any]:
        return list(connection.execute(query).all())

    return await database.read(read)


def trace(run: Run, event_type: str = EventType.NODE_START) -> RunEvent:
    return RunEvent(run.thread_id, run.run_id, event_type, EventCategory.TRACE, START)


def message(run: Run, text: str = "hello") -> RunEvent:
    content = {"type": "human", "content": text}
    return RunEvent(run.thread_id, run.run_id, EventType.HUMAN_MESSAGE, EventCategory.MESSAGE, START, content)


def call(run: Run, tokens: int | Tokens = 10, **changes: Any) -> UsageEntry:
    """A call of a model with `tokens` of input and as many of output."""
    counts = tokens if isinstance(tokens, Tokens) else Tokens(tokens, tokens, 2 * tokens)
    fields = {
        "usage_id": new_id(),
        "owner": run.owner,
        "thread_id": run.thread_id,
        "run_id": run.run_id,
        "attempt": run.attempt,
        "assistant_id": run.spec.assistant_id,
        "graph_id": run.graph_id,
        "node": "model",
        "caller": Caller.LEAD_AGENT,
        "caller_name": None,
        "model": "sample",
        "provider": None,
        "tokens": counts,
        "cost": None,
        "currency": None,
        "started_at": START,
        "duration_ms": 1,
    }
    return UsageEntry(**{**fields, **changes})


def some(run: Run) -> Entries:
    """A trace, a message and a call."""
    return Entries([trace(run), message(run)], [call(run)])
