"""Runs, their stored events, and the keys that made them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    and_,
    literal_column,
    text,
)

from runline.storage.columns import Id, Json, Moment
from runline.storage.tables.naming import metadata, partial_index

_PENDING_AND_READY = text("status = 'pending' AND ready = 1")
_RUNNING = text("status = 'running'")
_RESUMABLE = text("resumable = 1")
_ACTIVE = text("ended_at IS NULL")
_NUMBERED = text("ordinal IS NOT NULL")
_ENDED = text("ended_at IS NOT NULL")

runs = Table(
    "runs",
    metadata,
    Column("run_id", Id, primary_key=True),
    Column("thread_id", Id, ForeignKey("threads.thread_id", ondelete="CASCADE"), nullable=False),
    Column("owner", String, nullable=False),
    Column("assistant_id", Id, nullable=False),
    Column("graph_id", String, nullable=False),
    Column("status", String, nullable=False),
    # 1 on the first pending run of a thread that has no running one: the only runs a worker may claim
    Column("ready", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # the order in which a thread's runs start
    Column("due_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("ended_at", Moment),
    # 1 if its events are stored in `segments`
    Column("resumable", Integer, nullable=False),
    # the how-many-th run of its thread to start; NULL until it does
    Column("ordinal", Integer),
    # grows with every claim and never repeats: the fencing token of the lease
    Column("attempt", Integer, nullable=False),
    # attempts that ended without a word from their worker
    Column("crashes", Integer, nullable=False),
    Column("lease_owner", String),
    Column("lease_until", Moment),
    Column("stop_requested", String),
    Column("metadata", Json, nullable=False),
    Column("error", Json),
    # the thread's graph_id, assistant_id and config from before this run, for its rollback
    Column("before", Json, nullable=False),
    Column("spec", Json, nullable=False),
    Index("ix_runs_thread_id_created_at", "thread_id", "created_at", "run_id"),
    Index("ix_runs_thread_id_due_at", "thread_id", "due_at", "run_id"),
    partial_index(
        "uq_runs_thread_id_ordinal",
        "thread_id",
        "ordinal",
        unique=True,
        where=_NUMBERED,
    ),
    partial_index("uq_runs_running", "thread_id", unique=True, where=_RUNNING),
    partial_index(
        "ix_runs_ready",
        "due_at",
        "created_at",
        # last: runs of graphs that a worker does not know are passed over without a look at their rows
        "graph_id",
        where=_PENDING_AND_READY,
    ),
    partial_index(
        "ix_runs_active",
        "thread_id",
        # always NULL here; as a column it makes SQLite prefer this index to the next larger one
        "ended_at",
        "due_at",
        "run_id",
        where=_ACTIVE,
    ),
    partial_index("ix_runs_ended", "owner", "status", "created_at", "run_id", where=_ENDED),
    partial_index("ix_runs_swept", "ended_at", where=_RESUMABLE),
    partial_index("ix_runs_leases", "lease_until", where=_RUNNING),
)

segments = Table(
    "segments",
    metadata,
    Column("run_id", Id, ForeignKey("runs.run_id", ondelete="CASCADE"), primary_key=True),
    Column("first_seq", BigInteger, primary_key=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("owner", String, primary_key=True),
    Column("key", String, primary_key=True),
    # of the request that used the key first
    Column("fingerprint", String, nullable=False),
    Column("run_id", Id, nullable=False),
    Column("created_at", Moment, nullable=False, index=True),
)


def is_running() -> ColumnElement[bool]:
    """The condition of `uq_runs_running` and `ix_runs_leases`."""
    return runs.c.status == literal_column("'running'")


def is_active(table: FromClause = runs) -> ColumnElement[bool]:
    """Pending or running: the condition of `ix_runs_active`."""
    return table.c.ended_at.is_(None)


def has_ordinal(table: FromClause = runs) -> ColumnElement[bool]:
    """It has started: the condition of `uq_runs_thread_id_ordinal`."""
    return table.c.ordinal.is_not(None)


def is_ended() -> ColumnElement[bool]:
    """The condition of `ix_runs_ended`."""
    return runs.c.ended_at.is_not(None)


def is_claimable() -> ColumnElement[bool]:
    """The condition of `ix_runs_ready`."""
    return and_(runs.c.status == literal_column("'pending'"), runs.c.ready == literal_column("1"))
