"""The gateway's tables. Checkpoints are not here: langgraph's saver keeps them in a file of its own."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    and_,
    literal_column,
    text,
)

from runline.storage.columns import Id, Json, Moment

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
    Index("ix_threads_held", "held_until", sqlite_where=_HELD, postgresql_where=_HELD),
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
    Index(
        "uq_runs_thread_id_ordinal",
        "thread_id",
        "ordinal",
        unique=True,
        sqlite_where=_NUMBERED,
        postgresql_where=_NUMBERED,
    ),
    Index("uq_runs_running", "thread_id", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    Index(
        "ix_runs_ready",
        "due_at",
        "created_at",
        # last: runs of graphs that a worker does not know are passed over without a look at their rows
        "graph_id",
        sqlite_where=_PENDING_AND_READY,
        postgresql_where=_PENDING_AND_READY,
    ),
    Index(
        "ix_runs_active",
        "thread_id",
        # always NULL here; as a column it makes SQLite prefer this index to the next larger one
        "ended_at",
        "due_at",
        "run_id",
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    ),
    Index("ix_runs_ended", "owner", "status", "created_at", "run_id", sqlite_where=_ENDED, postgresql_where=_ENDED),
    Index("ix_runs_swept", "ended_at", sqlite_where=_RESUMABLE, postgresql_where=_RESUMABLE),
    Index("ix_runs_leases", "lease_until", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
)

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
    Index("ix_crons_due", "next_run_date", sqlite_where=_ENABLED, postgresql_where=_ENABLED),
)

_UNDELIVERED = text("status = 'pending'")
_MESSAGE = text("category = 'message'")

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
    Index(
        "ix_webhook_deliveries_due",
        "next_attempt_at",
        "receiver",
        sqlite_where=_UNDELIVERED,
        postgresql_where=_UNDELIVERED,
    ),
)

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
    Index("ix_run_events_messages", "thread_id", "seq", sqlite_where=_MESSAGE, postgresql_where=_MESSAGE),
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


# Partial indexes serve only a query that spells their condition out; a bound parameter would hide it.
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


def is_enabled() -> ColumnElement[bool]:
    """The condition of `ix_crons_due`."""
    return crons.c.enabled == literal_column("1")


def is_undelivered() -> ColumnElement[bool]:
    """The condition of `ix_webhook_deliveries_due`."""
    return webhook_deliveries.c.status == literal_column("'pending'")


def is_message() -> ColumnElement[bool]:
    """The condition of `ix_run_events_messages`."""
    return run_events.c.category == literal_column("'message'")
