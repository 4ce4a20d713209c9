"""Runs over all threads of a viewer.

No index has all of them in their order: one more would cost every run, twice. Those of each ended status are in the
order of their creation, those that are active are few, and a page is merged from both.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, select, union_all

from runline.model.lifecycle import ACTIVE, RunStatus
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads
from runline.storage.rows import readable, run_from_row
from runline.storage.runs import Counted, counted
from runline.storage.tables import is_active, is_ended, runs


class RunListStore:
    """Pages of the `runs` table, in the scope of a Viewer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @reads
    def list(
        self, connection: Connection, viewer: Viewer, status: RunStatus | None, limit: int, offset: int
    ) -> list[Counted]:
        """The viewer's runs of a status, or of any, newest first, and the usage of each."""
        statuses = (status,) if status else tuple(RunStatus)
        heads = [_newest(viewer, each, offset + limit).subquery() for each in statuses]
        ids = union_all(*(select(head.c.run_id) for head in heads)).subquery()
        query = (
            select(runs)
            .where(runs.c.run_id.in_(select(ids.c.run_id)))
            .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
            .limit(limit)
            .offset(offset)
        )
        return counted(connection, readable(connection.execute(query), run_from_row))


def _newest(viewer: Viewer, status: RunStatus, limit: int) -> Select[Any]:
    """The ids of a status's newest runs, from the index that holds it."""
    return (
        select(runs.c.run_id)
        .where(
            runs.c.owner == viewer.identity,
            runs.c.status == status,
            is_active() if status in ACTIVE else is_ended(),
        )
        .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        .limit(limit)
    )
