"""Crons."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, ForeignKey, Index, Integer, String, Table, literal_column, text

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata, partial_index

_ENABLED = text("enabled = 1")

crons = Table(
    "crons",
    metadata,
    Column("cron_id", Id, primary_key=True),
    Column("owner", String, nullable=False),
    Column("assistant_id", Id, ForeignKey("assistants.assistant_id", ondelete="CASCADE"), nullable=False, index=True),
    # NULL: each of its runs gets a thread of its own
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), index=True),
    Column("schedule", String, nullable=False),
    Column("timezone", String),
    Column("end_time", Moment),
    Column("enabled", Integer, nullable=False),
    # NULL: it comes due no more
    Column("next_run_date", Moment),
    # why its latest tick made no run
    Column("last_error", String),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("metadata", Json, nullable=False),
    Column("spec", Json, nullable=False),
    Index("ix_crons_owner_created_at", "owner", "created_at", "cron_id"),
    partial_index("ix_crons_due", "next_run_date", where=_ENABLED),
)


def is_enabled() -> ColumnElement[bool]:
    """The condition of `ix_crons_due`."""
    return crons.c.enabled == literal_column("1")
