"""What is left of runs that were removed."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from runline.storage.columns import Id, Moment
from runline.storage.tables.naming import metadata

# where runs are removed, the highest ordinal that one of them had
removed_ordinals = Table(
    "removed_ordinals",
    metadata,
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), primary_key=True),
    Column("highest", Integer, nullable=False),
)

# of runs that were removed before they began: what those are told who follow the thread, which may be gone as well
undone_runs = Table(
    "undone_runs",
    metadata,
    Column("run_id", Id, primary_key=True),
    Column("thread_id", Id, nullable=False),
    Column("owner", String, nullable=False),
    Column("assistant_id", Id, nullable=False),
    Column("graph_id", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("removed_at", Moment, nullable=False, index=True),
    Index("ix_undone_runs_thread_id_due_at", "thread_id", "due_at"),
)
