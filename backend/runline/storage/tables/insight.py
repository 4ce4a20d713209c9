"""What is known of runs beyond their rows: the logs of threads, the ledger, feedback."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    literal_column,
    text,
)

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata, partial_index

_MESSAGE = text("category = 'message'")

# what happened inside the runs of a thread, and what was said on it
run_events = Table(
    "run_events",
    metadata,
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), primary_key=True),
    # dense per thread, over all its runs: from `event_counters`
    Column("seq", BigInteger, primary_key=True),
    # no foreign key: the end of a run that was rolled back is told after its row is gone
    Column("run_id", Id, nullable=False),
    Column("event_type", String, nullable=False),
    Column("category", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("content", Json),
    Index("ix_run_events_run_id_seq", "run_id", "seq"),
    partial_index("ix_run_events_messages", "thread_id", "seq", where=_MESSAGE),
    sqlite_with_rowid=False,
)

# apart from `threads`, whose rows are long and would be written anew for every number
event_counters = Table(
    "event_counters",
    metadata,
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# the ledger: one row for each call of a model, which outlives its run and its thread
usage_entries = Table(
    "usage_entries",
    metadata,
    # LangChain's id of the call: what is written twice counts once
    Column("usage_id", Id, primary_key=True),
    Column("owner", String, nullable=False),
    Column("thread_id", Id, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("attempt", Integer, nullable=False),
    # 1 if its run was rolled back
    Column("rolled_back", Integer, nullable=False),
    Column("assistant_id", Id, nullable=False),
    Column("graph_id", String, nullable=False),
    Column("node", String),
    Column("caller", String, nullable=False),
    # the name of the subagent or middleware
    Column("caller_name", String),
    Column("model", String, nullable=False),
    Column("provider", String),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("total_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_creation_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    # in millionths of a millionth of the currency's unit, so that sums are exact; NULL: there is no price for it
    Column("cost", BigInteger),
    Column("currency", String),
    Column("started_at", Moment, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Index("ix_usage_entries_thread_id", "thread_id", "run_id"),
    Index("ix_usage_entries_run_id", "run_id"),
    Index("ix_usage_entries_owner", "owner", "started_at"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("feedback_id", Id, primary_key=True),
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("run_id", Id, ForeignKey("runs.run_id", ondelete="CASCADE"), nullable=False),
    # who gave it: each viewer's own, once for each run
    Column("author", String, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("comment", Text),
    Column("message_id", String),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("uq_feedback_run_id_author", "run_id", "author", unique=True),
)


def is_message() -> ColumnElement[bool]:
    """The condition of `ix_run_events_messages`."""
    return run_events.c.category == literal_column("'message'")
