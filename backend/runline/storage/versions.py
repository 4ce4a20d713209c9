"""The versions of assistants, in the scope of a Viewer.

Divergence 24: an earlier version that is made the current one brings back its graph and context, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, select

from runline.errors import NotFound
from runline.kit.clock import Clock
from runline.model.assistant import Assistant, AssistantVersion
from runline.model.viewer import Viewer
from runline.storage.assistants import known_assistant, store_current
from runline.storage.engine import Database, json_contains, reads, take_turn, writes
from runline.storage.rows import readable, version_from_row
from runline.storage.tables import assistant_versions

_VERSIONS = select(assistant_versions).where(assistant_versions.c.assistant_id == bindparam("key"))


class VersionStore:
    """The `assistant_versions` table; AssistantStore adds to it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @reads
    def list(
        self,
        connection: Connection,
        viewer: Viewer,
        assistant_id: str,
        metadata: dict[str, Any],
        *,
        limit: int,
        offset: int,
    ) -> list[AssistantVersion]:
        """An assistant's versions that contain this metadata, the newest first. Raises NotFound."""
        known_assistant(connection, viewer, assistant_id)
        query = _VERSIONS.order_by(assistant_versions.c.version.desc()).limit(limit).offset(offset)
        if metadata:
            query = query.where(json_contains(assistant_versions.c.metadata, metadata))
        return readable(connection.execute(query, {"key": assistant_id}), version_from_row)

    @writes
    def set_latest(self, connection: Connection, viewer: Viewer, assistant_id: str, version: int) -> Assistant:
        """Make the assistant what it was in one of its versions, and that version the current one.

        Raises NotFound (the assistant, the version).
        """
        take_turn(connection, assistant_id)
        assistant = known_assistant(connection, viewer, assistant_id)
        query = _VERSIONS.where(assistant_versions.c.version == version)
        row = connection.execute(query, {"key": assistant_id}).one_or_none()
        if row is None:
            raise NotFound(f"Version {version} not found for assistant {assistant_id}")
        current = _as_it_was(assistant, version_from_row(row))
        current = replace(current, updated_at=self._clock.now())
        store_current(connection, current)
        return current


def _as_it_was(assistant: Assistant, earlier: AssistantVersion) -> Assistant:
    return replace(
        assistant,
        version=earlier.version,
        graph_id=earlier.graph_id,
        name=earlier.name,
        description=earlier.description,
        config=earlier.config,
        context=earlier.context,
        metadata=earlier.metadata,
    )
