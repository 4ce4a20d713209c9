"""A thread as a run that is to be admitted finds it, or makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, insert, literal_column, select

from runline.errors import AssistantChanged, NotFound
from runline.model.assistant import Assistant
from runline.model.lifecycle import ThreadStatus
from runline.model.run import Run
from runline.model.ttl import Ttl
from runline.storage.engine import tell
from runline.storage.ordinals import next_ordinal
from runline.storage.queue import HAS_ACTIVE
from runline.storage.tables import assistants, runs, threads
from runline.storage.terms import index_terms
from runline.storage.ttls import give_ttl
from runline.storage.undone_runs import newest_undone

_MOMENT = timedelta(microseconds=1)

_INSERT_THREAD = insert(threads)
_NEWEST = select(func.max(runs.c.created_at)).where(runs.c.thread_id == threads.c.thread_id).scalar_subquery()
# a row also where there is no such thread, or assistant
_THREAD: Select[Any] = select(
    assistants.c.version,
    assistants.c.updated_at,
    threads.c.owner,
    threads.c.metadata,
    threads.c.config,
    threads.c.held_until,
    threads.c.hidden,
    threads.c.state_updated_at,
    _NEWEST.label("newest"),
    newest_undone(threads.c.thread_id).label("undone"),
    next_ordinal(threads.c.thread_id).label("next_ordinal"),
    HAS_ACTIVE.label("has_active"),
).select_from(
    select(literal_column("1"))
    .subquery("one")
    .outerjoin(threads, threads.c.thread_id == bindparam("key"))
    .outerjoin(assistants, assistants.c.assistant_id == bindparam("assistant"))
)


@dataclass(frozen=True, slots=True)
class ThreadAtAdmission:
    """The thread and what it becomes by the run; `before` is what the run's rollback needs of it.

    The run's place is `next_place` at the earliest. `metadata_for_runs` is what its metadata is merged with.
    """

    existed: bool
    has_active: bool
    held: bool
    next_place: datetime
    next_ordinal: int
    metadata: dict[str, Any]
    metadata_before: dict[str, Any]
    metadata_for_runs: dict[str, Any]
    config: dict[str, Any]
    before: dict[str, Any]


def thread_at_admission(connection: Connection, run: Run, assistant: Assistant) -> ThreadAtAdmission:
    """Read the run's thread, if any, and say what it becomes by this run. Raises NotFound, AssistantChanged."""
    found = connection.execute(_THREAD, {"key": run.thread_id, "assistant": assistant.assistant_id}).one()
    if assistant.remembered and (found.version, found.updated_at) != (assistant.version, assistant.updated_at):
        raise AssistantChanged(assistant.assistant_id)
    row = found if found.owner is not None else None
    if (row is None and not run.spec.create_thread) or (row is not None and (row.owner != run.owner or row.hidden)):
        raise NotFound("Thread or assistant not found.")
    metadata = row.metadata if row is not None else dict(run.spec.metadata)
    graph = {"graph_id": run.graph_id, "assistant_id": run.spec.assistant_id}
    return ThreadAtAdmission(
        existed=row is not None,
        has_active=row is not None and row.has_active,
        held=row is not None and row.held_until is not None,
        next_place=_next_place(row) if row is not None else run.created_at,
        next_ordinal=row.next_ordinal if row is not None else 1,
        metadata={**metadata, **graph},
        metadata_before=metadata,
        metadata_for_runs={**(row.metadata if row is not None else {}), **graph},
        config=_thread_config(run, assistant),
        before={
            "graph_id": metadata.get("graph_id"),
            "assistant_id": metadata.get("assistant_id"),
            "config": row.config if row is not None else {},
        },
    )


def _next_place(row: Row[Any]) -> datetime:
    """A run may have waited for its admission while others were admitted, or the state was updated."""
    moments = [moment for moment in (row.state_updated_at, row.newest, row.undone) if isinstance(moment, datetime)]
    return max(moments, default=datetime.min.replace(tzinfo=UTC)) + _MOMENT


def _thread_config(run: Run, assistant: Assistant) -> dict[str, Any]:
    """Observed: the assistant's config and the run's tags and the like, but not the run's `configurable`."""
    own = {key: value for key, value in run.spec.config.items() if key != "configurable"}
    return {**assistant.config, **own, "configurable": assistant.config.get("configurable", {})}


def insert_thread(connection: Connection, run: Run, thread: ThreadAtAdmission, ttl: Ttl | None) -> None:
    """A thread that is made for a run is busy with it from the start, in the same transaction."""
    now = run.created_at
    row = {
        "thread_id": run.thread_id,
        "owner": run.owner,
        "status": ThreadStatus.BUSY,
        "resting": ThreadStatus.IDLE,
        "hidden": int(run.traceless),
        "created_at": now,
        "updated_at": now,
        "state_updated_at": now,
        "metadata": thread.metadata,
        "config": thread.config,
    }
    tell(connection, _INSERT_THREAD, row)
    if not run.traceless:
        index_terms(connection, run.owner, run.thread_id, thread.metadata)
        give_ttl(connection, run.thread_id, ttl, now)
