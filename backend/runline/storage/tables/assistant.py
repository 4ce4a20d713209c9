"""Assistants and what they were before."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata

assistants = Table(
    "assistants",
    metadata,
    Column("assistant_id", Id, primary_key=True),
    # NULL: made by the deployment for one of its graphs, seen by everybody
    Column("owner", String),
    Column("graph_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("config", Json, nullable=False),
    Column("context", Json, nullable=False),
    Column("metadata", Json, nullable=False),
    Index("ix_assistants_owner_created_at", "owner", "created_at", "assistant_id"),
)

# every version an assistant has had; the row in `assistants` repeats the current one
assistant_versions = Table(
    "assistant_versions",
    metadata,
    Column("assistant_id", Id, ForeignKey("assistants.assistant_id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("graph_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String),
    Column("created_at", Moment, nullable=False),
    Column("config", Json, nullable=False),
    Column("context", Json, nullable=False),
    Column("metadata", Json, nullable=False),
)
