"""The runs of a thread start in the order in which they are due; webhook deliveries name their receiver"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ACTIVE = sa.text("ended_at IS NULL")
UNDELIVERED = sa.text("status = 'pending'")
COLUMNS = ("thread_id", "created_at", "due_at", "started_at", "ended_at", "ready")

runs = sa.table("runs", *(sa.column(name) for name in COLUMNS))
other = runs.alias("other")
is_active = runs.c.ended_at.is_(None)
has_earlier = sa.exists().where(
    other.c.thread_id == runs.c.thread_id, other.c.ended_at.is_(None), other.c.due_at < runs.c.due_at
)


def upgrade() -> None:
    _order_by_due_at()
    op.create_index("ix_runs_thread_id_due_at", "runs", ["thread_id", "due_at", "run_id"])
    op.drop_index("ix_runs_active", "runs")
    _index_active("due_at")
    # those that wait already share one receiver
    op.add_column("webhook_deliveries", sa.Column("receiver", sa.String(), nullable=False, server_default=""))
    op.drop_index("ix_webhook_deliveries_due", "webhook_deliveries")
    _index_undelivered("next_attempt_at", "receiver")


def _order_by_due_at() -> None:
    """What has begun did so in the order of its creation; a delay that is not over yet holds up nobody any more."""
    is_behind = sa.or_(runs.c.due_at < runs.c.created_at, runs.c.started_at.is_not(None))
    op.execute(sa.update(runs).where(is_behind).values(due_at=runs.c.created_at))
    free = sa.select(other.c.thread_id).where(other.c.ready == 1)
    op.execute(sa.update(runs).where(is_active, runs.c.thread_id.in_(free), ~has_earlier).values(ready=1))
    op.execute(sa.update(runs).where(runs.c.ready == 1, has_earlier).values(ready=0))


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_due", "webhook_deliveries")
    op.drop_column("webhook_deliveries", "receiver")
    _index_undelivered("next_attempt_at")
    op.drop_index("ix_runs_active", "runs")
    _index_active("created_at")
    op.drop_index("ix_runs_thread_id_due_at", "runs")


def _index_active(order: str) -> None:
    columns = ["thread_id", "ended_at", order, "run_id"]
    op.create_index("ix_runs_active", "runs", columns, sqlite_where=ACTIVE, postgresql_where=ACTIVE)


def _index_undelivered(*columns: str) -> None:
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        list(columns),
        sqlite_where=UNDELIVERED,
        postgresql_where=UNDELIVERED,
    )
