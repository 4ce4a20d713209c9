"""`assistants` and `assistant_versions`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from runline.model.assistant import Assistant, AssistantVersion
from runline.storage.rows.reading import sound


def assistant_from_row(row: Row[Any]) -> Assistant:
    """An `assistants` row; the deployment's own have no owner. Raises Unreadable."""
    return sound("Assistant", row, _assistant)


def _assistant(row: Row[Any]) -> Assistant:
    return Assistant(
        assistant_id=row.assistant_id,
        graph_id=row.graph_id,
        owner=row.owner or "",
        name=row.name,
        description=row.description,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        config=row.config,
        context=row.context,
        metadata=row.metadata,
    )


def version_from_row(row: Row[Any]) -> AssistantVersion:
    """An `assistant_versions` row. Raises Unreadable."""
    return sound("A version of assistant", row, lambda row: AssistantVersion(**row._mapping))


def assistant_to_row(assistant: Assistant) -> dict[str, Any]:
    """The columns of an `assistants` row, but for whose it is."""
    times = {"created_at": assistant.created_at, "updated_at": assistant.updated_at}
    return version_to_row(assistant) | times


def version_to_row(assistant: Assistant) -> dict[str, Any]:
    """The columns of the `assistant_versions` row that an assistant's current version is."""
    return {
        "assistant_id": assistant.assistant_id,
        "version": assistant.version,
        "graph_id": assistant.graph_id,
        "name": assistant.name,
        "description": assistant.description,
        "created_at": assistant.updated_at,
        "config": assistant.config,
        "context": assistant.context,
        "metadata": assistant.metadata,
    }
