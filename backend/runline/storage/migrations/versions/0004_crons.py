"""Crons"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Json, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ENABLED = sa.text("enabled = 1")


def upgrade() -> None:
    op.create_table(
        "crons",
        sa.Column("cron_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("schedule", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("end_time", Moment(), nullable=True),
        sa.Column("enabled", sa.Integer(), nullable=False),
        sa.Column("next_run_date", Moment(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.Column("spec", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assistant_id"], ["assistants.assistant_id"], name="fk_crons_assistant_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.thread_id"], name="fk_crons_thread_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cron_id", name="pk_crons"),
    )
    op.create_index("ix_crons_assistant_id", "crons", ["assistant_id"])
    op.create_index("ix_crons_thread_id", "crons", ["thread_id"])
    op.create_index("ix_crons_owner_created_at", "crons", ["owner", "created_at", "cron_id"])
    op.create_index("ix_crons_due", "crons", ["next_run_date"], sqlite_where=ENABLED, postgresql_where=ENABLED)


def downgrade() -> None:
    op.drop_table("crons")
