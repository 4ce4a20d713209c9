"""Workers claim runs of the graphs they know; holds of slots have ids"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

READY = sa.text("status = 'pending' AND ready = 1")


def upgrade() -> None:
    _index_ready("due_at", "created_at", "graph_id")
    op.add_column("threads", sa.Column("hold_id", sa.Uuid(as_uuid=False)))


def downgrade() -> None:
    op.drop_column("threads", "hold_id")
    _index_ready("due_at", "created_at")


def _index_ready(*columns: str) -> None:
    op.drop_index("ix_runs_ready", "runs")
    op.create_index("ix_runs_ready", "runs", columns, sqlite_where=READY, postgresql_where=READY)
