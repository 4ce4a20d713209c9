"""The versions of assistants; those that exist become the first of theirs"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from runline.storage.columns import Json, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = "assistant_id, version, graph_id, name, description, created_at, config, context, metadata"


def upgrade() -> None:
    op.create_table(
        "assistant_versions",
        sa.Column("assistant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("graph_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("config", Json(), nullable=False),
        sa.Column("context", Json(), nullable=False),
        sa.Column("metadata", Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assistant_id"],
            ["assistants.assistant_id"],
            name="fk_assistant_versions_assistant_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("assistant_id", "version", name="pk_assistant_versions"),
    )
    op.execute(f"INSERT INTO assistant_versions ({COLUMNS}) SELECT {COLUMNS} FROM assistants")  # noqa: S608
    op.create_index("ix_assistants_owner_created_at", "assistants", ["owner", "created_at", "assistant_id"])


def downgrade() -> None:
    op.drop_index("ix_assistants_owner_created_at", "assistants")
    op.drop_table("assistant_versions")
