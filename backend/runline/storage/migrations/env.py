"""Alembic's entry: runs on the connection that `storage.migrating.migrate` hands over."""

from __future__ import annotations

from alembic import context

from runline.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
