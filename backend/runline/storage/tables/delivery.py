"""The outbox, which is the log of webhooks as well."""

from __future__ import annotations

from sqlalchemy import Column, ColumnElement, Integer, String, Table, Text, literal_column, text

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata, partial_index

_UNDELIVERED = text("status = 'pending'")

# the outbox: a row is written by the transaction that ends a run, and outlives the run
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("delivery_id", Id, primary_key=True),
    Column("run_id", Id, nullable=False, index=True),
    Column("thread_id", Id, nullable=False),
    Column("owner", String, nullable=False),
    Column("url", Text, nullable=False),
    # the host in the URL
    Column("receiver", String, nullable=False, server_default=""),
    Column("status", String, nullable=False),
    # grows as an attempt begins: the fencing token of what is written after it
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # while an attempt is under way, when it is taken for dead
    Column("next_attempt_at", Moment),
    Column("last_attempt_at", Moment),
    Column("ended_at", Moment, index=True),
    Column("status_code", Integer),
    Column("error", Text),
    # what is to be told; NULL when it is over
    Column("told", Json),
    partial_index(
        "ix_webhook_deliveries_due",
        "next_attempt_at",
        "receiver",
        where=_UNDELIVERED,
    ),
)


def is_undelivered() -> ColumnElement[bool]:
    """The condition of `ix_webhook_deliveries_due`."""
    return webhook_deliveries.c.status == literal_column("'pending'")
