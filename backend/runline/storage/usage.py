"""The ledger, read in the scope of a Viewer: what threads and runs came to. SQL makes the sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Select, bindparam, func, select, union_all

from runline.errors import RunNotFound
from runline.model.token_usage import Context, RunUsage, ThreadUsage, Usage
from runline.model.usage import Caller
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads, unindexed
from runline.storage.rows import readable, usage_entry_from_row
from runline.storage.sight import require_thread
from runline.storage.tables import is_active, runs, usage_entries
from runline.storage.usage_sums import (
    CURRENCY,
    Parts,
    costs_of,
    id_text,
    largest_first,
    parts,
    read_parts,
    run_parts,
    run_sums,
    usage_of,
    whole,
)

# the owner beside the thread: an id that was freed by a deletion may be somebody else's now
_OF_THREAD = (
    usage_entries.c.thread_id == bindparam("thread"),
    unindexed(usage_entries.c.owner) == bindparam("viewer"),
)
_ACTIVE = select(runs.c.run_id).where(runs.c.thread_id == bindparam("thread"), is_active())
_KNOWN = select(runs.c.run_id).where(runs.c.thread_id == bindparam("thread"))


def _parts_of(*conditions: Any) -> CompoundSelect[Any]:
    """The sums of entries as a whole, and by currency, model, caller and run."""
    mine = select(usage_entries).where(*conditions).cte("mine")
    keys = {CURRENCY: mine.c.currency, "model": mine.c.model, "caller": mine.c.caller}
    return union_all(whole(mine), *(parts(name, key, mine) for name, key in keys.items()), run_parts("run", mine))


_THREAD_PARTS = _parts_of(*_OF_THREAD)
_ENDED_PARTS = _parts_of(*_OF_THREAD, usage_entries.c.run_id.not_in(_ACTIVE))
_RUN_CONDITIONS = (*_OF_THREAD, usage_entries.c.run_id == bindparam("run"))
_RUN_PARTS = _parts_of(*_RUN_CONDITIONS)
_CALLS: Select[Any] = (
    select(usage_entries).where(*_RUN_CONDITIONS).order_by(usage_entries.c.started_at, usage_entries.c.usage_id)
)
_RUN: Select[Any] = select(runs.c.run_id).where(
    runs.c.run_id == bindparam("run"), runs.c.thread_id == bindparam("thread"), runs.c.owner == bindparam("viewer")
)
_RUN_COUNTS: Select[Any] = select(
    select(func.count()).select_from(_KNOWN.subquery()).scalar_subquery().label("known"),
    select(func.count()).select_from(_ACTIVE.subquery()).scalar_subquery().label("active"),
    select(func.count(usage_entries.c.run_id.distinct()))
    .where(*_OF_THREAD, usage_entries.c.run_id.not_in(_KNOWN))
    .scalar_subquery()
    .label("gone"),
)
# what was taken back is in no context any more
_CONTEXT: Select[Any] = (
    select(
        usage_entries.c.model,
        usage_entries.c.provider,
        (usage_entries.c.input_tokens + usage_entries.c.output_tokens).label("tokens"),
    )
    .where(*_OF_THREAD, usage_entries.c.caller == Caller.LEAD_AGENT.value, usage_entries.c.run_id.in_(_KNOWN))
    .order_by(usage_entries.c.started_at.desc(), usage_entries.c.usage_id.desc())
    .limit(1)
)
_BY_RUN: Select[Any] = (
    select(usage_entries.c.run_id.label("of"), *run_sums(usage_entries))
    .where(usage_entries.c.run_id.in_(bindparam("runs", expanding=True)))
    .group_by(usage_entries.c.run_id)
)


class UsageStore:
    """The `usage_entries` table. What is gone from elsewhere is here to stay: the money was spent."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def of_thread(
        self, connection: Connection, viewer: Viewer, thread_id: str, *, include_active: bool = False
    ) -> ThreadUsage:
        """What a thread came to; `include_active`: with the runs that have not ended. Raises ThreadNotFound."""
        require_thread(connection, viewer, thread_id)
        wanted = {"thread": thread_id, "viewer": viewer.identity}
        found = read_parts(connection.execute(_THREAD_PARTS if include_active else _ENDED_PARTS, wanted))
        counts = connection.execute(_RUN_COUNTS, wanted).one()
        ended = counts.known + counts.gone - (0 if include_active else counts.active)
        return _thread_usage(found, ended, _context(connection, wanted))

    @reads
    def of_run(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> RunUsage:
        """What a run came to, so far or at all, and also if it is gone. Raises RunNotFound."""
        wanted = {"thread": thread_id, "viewer": viewer.identity, "run": run_id}
        calls = readable(connection.execute(_CALLS, wanted), usage_entry_from_row)
        if not calls and connection.execute(_RUN, wanted).one_or_none() is None:
            raise RunNotFound(run_id)
        found = read_parts(connection.execute(_RUN_PARTS, wanted))
        return RunUsage(_thread_usage(found, 1, None), calls)


def usage_by_run(connection: Connection, run_ids: Sequence[str]) -> dict[str, Usage]:
    """What each of these runs came to so far; those without calls are left out."""
    if not run_ids:
        return {}
    return {row.of: usage_of(row, 1) for row in connection.execute(_BY_RUN, {"runs": run_ids})}


def _thread_usage(found: Parts, runs: int, context: Context | None) -> ThreadUsage:
    return ThreadUsage(
        total=found["total"][""],
        costs=costs_of(found),
        by_model=largest_first(found.get("model", {})),
        by_caller=found.get("caller", {}),
        by_run=largest_first({id_text(key): usage for key, usage in found.get("run", {}).items()}),
        runs=runs,
        context=context,
    )


def _context(connection: Connection, wanted: dict[str, Any]) -> Context | None:
    row = connection.execute(_CONTEXT, wanted).one_or_none()
    return Context(row.model, row.provider, row.tokens) if row else None
