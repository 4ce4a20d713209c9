"""`run_events`, `usage_entries` and `feedback`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Row

from runline.model.feedback import Feedback, Opinion
from runline.model.run_event import EventCategory, RunEvent
from runline.model.usage import Caller, Tokens, UsageEntry
from runline.storage.rows.reading import sound


def run_event_from_row(row: Row[Any]) -> RunEvent:
    """A `run_events` row. Raises Unreadable."""
    return sound("The log of thread", row, _run_event)


def _run_event(row: Row[Any]) -> RunEvent:
    return RunEvent(
        thread_id=row.thread_id,
        run_id=row.run_id,
        event_type=row.event_type,
        category=EventCategory(row.category),
        created_at=row.created_at,
        content=row.content,
        metadata=row.metadata,
        seq=row.seq,
    )


_TOKENS = tuple(each.name for each in fields(Tokens))


def usage_entry_from_row(row: Row[Any]) -> UsageEntry:
    """A `usage_entries` row. Raises Unreadable."""
    return sound("Usage entry", row, _usage_entry)


def _usage_entry(row: Row[Any]) -> UsageEntry:
    columns = dict(row._mapping)
    tokens = Tokens(**{name: columns.pop(name) for name in _TOKENS})
    caller, rolled_back = Caller(columns.pop("caller")), bool(columns.pop("rolled_back"))
    return UsageEntry(**columns, tokens=tokens, caller=caller, rolled_back=rolled_back)


def usage_entry_to_row(entry: UsageEntry) -> dict[str, Any]:
    """The columns of a `usage_entries` row."""
    return {
        "usage_id": entry.usage_id,
        "owner": entry.owner,
        "thread_id": entry.thread_id,
        "run_id": entry.run_id,
        "attempt": entry.attempt,
        "rolled_back": int(entry.rolled_back),
        "assistant_id": entry.assistant_id,
        "graph_id": entry.graph_id,
        "node": entry.node,
        "caller": entry.caller,
        "caller_name": entry.caller_name,
        "model": entry.model,
        "provider": entry.provider,
        **{name: getattr(entry.tokens, name) for name in _TOKENS},
        "cost": entry.cost,
        "currency": entry.currency,
        "started_at": entry.started_at,
        "duration_ms": entry.duration_ms,
    }


def feedback_from_row(row: Row[Any]) -> Feedback:
    """A `feedback` row. Raises Unreadable."""
    return sound("Feedback", row, _feedback)


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        feedback_id=row.feedback_id,
        thread_id=row.thread_id,
        run_id=row.run_id,
        author=row.author,
        opinion=Opinion(row.rating, row.comment, row.message_id),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
