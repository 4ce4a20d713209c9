"""The how-many-th of its thread each run was to start"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

GIVEN = sa.text("ordinal IS NOT NULL")
NUMBER = """
    UPDATE runs SET ordinal = numbered.place FROM (
        SELECT run_id, row_number() OVER (PARTITION BY thread_id ORDER BY created_at, run_id) AS place
        FROM runs WHERE attempt > 0
    ) AS numbered WHERE runs.run_id = numbered.run_id
"""


def upgrade() -> None:
    op.add_column("runs", sa.Column("ordinal", sa.Integer(), nullable=True))
    op.execute(NUMBER)
    op.create_index(
        "uq_runs_thread_id_ordinal",
        "runs",
        ["thread_id", "ordinal"],
        unique=True,
        sqlite_where=GIVEN,
        postgresql_where=GIVEN,
    )
    op.create_table(
        "removed_ordinals",
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("highest", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_removed_ordinals_thread_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", name="pk_removed_ordinals"),
    )


def downgrade() -> None:
    op.drop_table("removed_ordinals")
    op.drop_index("uq_runs_thread_id_ordinal", "runs")
    op.drop_column("runs", "ordinal")
