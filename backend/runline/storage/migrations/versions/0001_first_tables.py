"""The first tables: assistants, threads, runs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Json, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HELD = sa.text("held_until IS NOT NULL")
RESUMABLE = sa.text("resumable = 1")
ACTIVE = sa.text("ended_at IS NULL")
RUNNING = sa.text("status = 'running'")
READY = sa.text("status = 'pending' AND ready = 1")

# what SQLite has as a function of Python's; a row that cannot be read is not found, and fails the search for no other.
# jsonb has no place for the character NUL, so another that nobody uses stands for it
JSON_CONTAINS = """
CREATE FUNCTION json_contains(document text, pattern text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(document::jsonb @> pattern::jsonb, false);
EXCEPTION WHEN data_exception THEN
    BEGIN
        RETURN replace(document, '\\u0000', '\\uf8ff')::jsonb @> replace(pattern, '\\u0000', '\\uf8ff')::jsonb;
    EXCEPTION WHEN data_exception THEN
        RETURN false;
    END;
END $$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql(JSON_CONTAINS)
    op.create_table(
        "assistants",
        sa.Column("assistant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("config", Json(), nullable=False),
        sa.Column("context", Json(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.PrimaryKeyConstraint("assistant_id", name="pk_assistants"),
    )
    op.create_table(
        "threads",
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("resting", sa.String(), nullable=False),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.Column("held_until", Moment(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("state_updated_at", Moment(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("config", Json(), nullable=False),
        sa.Column("error", Json(), nullable=True),
        sa.Column("interrupts", Json(), nullable=True),
        sa.Column("state_values", Json(), nullable=True),
        sa.PrimaryKeyConstraint("thread_id", name="pk_threads"),
    )
    op.create_index(
        "ix_threads_owner_status_updated_at",
        "threads",
        ["owner", "status", "updated_at", "thread_id"],
        unique=False,
    )
    op.create_index("ix_threads_held", "threads", ["held_until"], sqlite_where=HELD, postgresql_where=HELD)
    op.create_index("ix_threads_owner_updated_at", "threads", ["owner", "updated_at", "thread_id"], unique=False)

    op.create_table(
        "runs",
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("ready", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("started_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("resumable", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("stop_requested", sa.String(), nullable=True),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("error", Json(), nullable=True),
        sa.Column("before", Json(), nullable=False),
        sa.Column("spec", Json(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.thread_id"], name="fk_runs_thread_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index(
        "ix_runs_active",
        "runs",
        ["thread_id", "ended_at", "created_at", "run_id"],
        unique=False,
        sqlite_where=ACTIVE,
        postgresql_where=ACTIVE,
    )
    op.create_index("ix_runs_swept", "runs", ["ended_at"], sqlite_where=RESUMABLE, postgresql_where=RESUMABLE)
    op.create_index(
        "ix_runs_leases",
        "runs",
        ["lease_until"],
        unique=False,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_index(
        "ix_runs_ready",
        "runs",
        ["due_at", "created_at"],
        unique=False,
        sqlite_where=READY,
        postgresql_where=READY,
    )
    op.create_index("ix_runs_thread_id_created_at", "runs", ["thread_id", "created_at", "run_id"], unique=False)
    op.create_index(
        "uq_runs_running",
        "runs",
        ["thread_id"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )
    op.create_table(
        "segments",
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_segments_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "first_seq", name="pk_segments"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("run_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    for table in ("idempotency_keys", "segments", "runs", "threads", "assistants"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.get_bind().exec_driver_sql("DROP FUNCTION json_contains")
