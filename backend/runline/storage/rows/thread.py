"""`threads` and `thread_ttls`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from runline.model.lifecycle import ThreadStatus
from runline.model.thread import Thread
from runline.model.ttl import GivenTtl, PruneStrategy, Ttl
from runline.storage.rows.reading import sound


def thread_from_row(row: Row[Any]) -> Thread:
    """A `threads` row. Raises Unreadable."""
    return sound("Thread", row, _thread)


def _thread(row: Row[Any]) -> Thread:
    return Thread(
        thread_id=row.thread_id,
        owner=row.owner,
        status=ThreadStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        state_updated_at=row.state_updated_at,
        metadata=row.metadata,
        config=row.config,
        values=row.state_values,
        interrupts=row.interrupts,
        error=row.error,
    )


def thread_to_row(thread: Thread) -> dict[str, Any]:
    """The columns of a `threads` row that the Thread itself holds, of one whose runs have all ended."""
    return {
        "thread_id": thread.thread_id,
        "owner": thread.owner,
        "status": thread.status,
        "resting": thread.status,
        "hidden": 0,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "state_updated_at": thread.state_updated_at,
        "metadata": thread.metadata,
        "config": thread.config,
        "state_values": thread.values,
        "interrupts": thread.interrupts,
        "error": thread.error,
    }


def given_ttl_from_row(row: Row[Any]) -> GivenTtl:
    """A `thread_ttls` row. Raises Unreadable."""
    return sound("The ttl of thread", row, _given_ttl)


def _given_ttl(row: Row[Any]) -> GivenTtl:
    return GivenTtl(Ttl(float(row.minutes), PruneStrategy(row.strategy)), row.expires_at)
