"""Threads, and what is kept of each beside its row."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata, partial_index

_HELD = text("held_until IS NOT NULL")

threads = Table(
    "threads",
    metadata,
    Column("thread_id", Id, primary_key=True),
    Column("owner", String, nullable=False),
    Column("status", String, nullable=False),
    # what `status` returns to when no run of the thread is active
    Column("resting", String, nullable=False),
    # 1 on the thread of a stateless run, which nobody is to find by searching
    Column("hidden", Integer, nullable=False),
    # set while a state update has the thread's slot, as a run would; past it, the holder is taken for dead
    Column("held_until", Moment),
    # which hold of the slot that is: what is written on behalf of another is refused
    Column("hold_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("state_updated_at", Moment, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("config", Json, nullable=False),
    Column("error", Json),
    Column("interrupts", Json),
    # last: SQLite reads the pages of a large value only when the column is asked for
    Column("state_values", Json),
    Index("ix_threads_owner_updated_at", "owner", "updated_at", "thread_id"),
    Index("ix_threads_owner_status_updated_at", "owner", "status", "updated_at", "thread_id"),
    partial_index("ix_threads_held", "held_until", where=_HELD),
)

thread_terms = Table(
    "thread_terms",
    metadata,
    # a digest of owner, path and value of a scalar in the thread's metadata
    Column("term", LargeBinary, primary_key=True),
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

thread_ttls = Table(
    "thread_ttls",
    metadata,
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), primary_key=True),
    Column("minutes", Float, nullable=False),
    Column("strategy", String, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
)
