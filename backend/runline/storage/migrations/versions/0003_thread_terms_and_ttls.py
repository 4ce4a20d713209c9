"""What threads are found by, and how long they live"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Json, Moment
from runline.storage.terms import index_terms

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

THREADS = sa.table(
    "threads",
    sa.column("thread_id", sa.Uuid(as_uuid=False)),
    sa.column("owner", sa.String()),
    sa.column("hidden", sa.Integer()),
    sa.column("metadata", Json()),
)


def upgrade() -> None:
    op.create_table(
        "thread_terms",
        sa.Column("term", sa.LargeBinary(), nullable=False),
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_thread_terms_thread_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("term", "thread_id", name="pk_thread_terms"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_thread_terms_thread_id", "thread_terms", ["thread_id"])
    op.create_table(
        "thread_ttls",
        sa.Column("thread_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("minutes", sa.Float(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_thread_ttls_thread_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thread_id", name="pk_thread_ttls"),
    )
    op.create_index("ix_thread_ttls_expires_at", "thread_ttls", ["expires_at"])
    _index_what_is_there(op.get_bind())


def _index_what_is_there(connection: sa.Connection) -> None:
    query = sa.select(THREADS.c.thread_id, THREADS.c.owner, THREADS.c.metadata).where(THREADS.c.hidden == 0)
    for thread in connection.execute(query):
        # a row that cannot be read is found by nothing
        if isinstance(thread.metadata, dict):
            index_terms(connection, thread.owner, thread.thread_id, thread.metadata)


def downgrade() -> None:
    for table in ("thread_ttls", "thread_terms"):
        op.drop_table(table)
