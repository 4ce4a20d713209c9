"""Workers claim runs of the graphs they know; holds of slots have ids; runs that never began leave their place"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

READY = sa.text("status = 'pending' AND ready = 1")


def upgrade() -> None:
    _index_ready("due_at", "created_at", "graph_id")
    op.add_column("threads", sa.Column("hold_id", sa.Uuid(as_uuid=False)))
    op.create_table(
        "undone_runs",
        sa.Column("run_id", sa.Uuid(as_uuid=False), primary_key=True),
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("assistant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=False),
    )
    op.create_index("ix_undone_runs_thread_id_due_at", "undone_runs", ["thread_id", "due_at"])
    op.create_index("ix_undone_runs_removed_at", "undone_runs", ["removed_at"])


def downgrade() -> None:
    op.drop_table("undone_runs")
    op.drop_column("threads", "hold_id")
    _index_ready("due_at", "created_at")


def _index_ready(*columns: str) -> None:
    op.drop_index("ix_runs_ready", "runs")
    op.create_index("ix_runs_ready", "runs", columns, sqlite_where=READY, postgresql_where=READY)
