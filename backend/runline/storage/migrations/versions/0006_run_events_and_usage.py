"""The log of run events, the token ledger, feedback"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Json, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MESSAGE = sa.text("category = 'message'")
ID = sa.Uuid(as_uuid=False)


def upgrade() -> None:
    _run_events()
    _usage()
    _feedback()


def _run_events() -> None:
    op.create_table(
        "run_events",
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("event_type", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("content", Json(), nullable=True),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_run_events_thread_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", "seq", name="pk_run_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_events_run_id_seq", "run_events", ["run_id", "seq"])
    op.create_index(
        "ix_run_events_messages",
        "run_events",
        ["thread_id", "seq"],
        sqlite_where=MESSAGE,
        postgresql_where=MESSAGE,
    )
    op.create_table(
        "event_counters",
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_event_counters_thread_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", name="pk_event_counters"),
        sqlite_with_rowid=False,
    )


def _usage() -> None:
    op.create_table(
        "usage_entries",
        sa.Column("usage_id", ID, nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("rolled_back", sa.Integer(), nullable=False),
        sa.Column("assistant_id", ID, nullable=False),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("node", sa.String(), nullable=True),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("caller_name", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("total_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_read_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cache_creation_tokens", sa.BigInteger(), nullable=False),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("usage_id", name="pk_usage_entries"),
    )
    op.create_index("ix_usage_entries_thread_id", "usage_entries", ["thread_id", "run_id"])
    op.create_index("ix_usage_entries_run_id", "usage_entries", ["run_id"])
    op.create_index("ix_usage_entries_owner", "usage_entries", ["owner", "started_at"])


def _feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("feedback_id", ID, nullable=False),
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("run_id", ID, nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("message_id", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.thread_id"], name="fk_feedback_thread_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_feedback_run_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feedback_id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_thread_id", "feedback", ["thread_id"])
    op.create_index("uq_feedback_run_id_author", "feedback", ["run_id", "author"], unique=True)


def downgrade() -> None:
    for table in ("feedback", "usage_entries", "event_counters", "run_events"):
        op.drop_table(table)
