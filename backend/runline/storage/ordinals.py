"""The ordinals of runs: the how-many-th of its thread each was to start, from 1, and never given twice.

A run gets its own with its first claim, in the statement that claims it. The highest one of runs that were removed is
written down as they go, so that the numbers of a thread only grow.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, literal_column, select, update

from runline.storage.engine import insert_new
from runline.storage.tables import has_ordinal, removed_ordinals, runs

_numbered = runs.alias("numbered")
_INSERT = insert_new(removed_ordinals)


def next_ordinal(thread_id: ColumnElement[Any]) -> ColumnElement[int]:
    """The number for the next run that starts on a thread."""
    zero: ColumnElement[int] = literal_column("0")
    given = select(func.max(_numbered.c.ordinal)).where(_numbered.c.thread_id == thread_id, has_ordinal(_numbered))
    removed = select(removed_ordinals.c.highest).where(removed_ordinals.c.thread_id == thread_id)
    highest, of_removed = (func.coalesce(query.scalar_subquery(), zero) for query in (given, removed))
    return case((highest > of_removed, highest), else_=of_removed) + literal_column("1")


def note_removed(connection: Connection, removed: Row[Any, Any, Any]) -> None:
    """Write down the ordinal of a run whose row has gone (`thread_id`, `ordinal`)."""
    if removed.ordinal is None:
        return
    connection.execute(_INSERT, {"thread_id": removed.thread_id, "highest": 0})
    connection.execute(
        update(removed_ordinals)
        .where(removed_ordinals.c.thread_id == removed.thread_id, removed_ordinals.c.highest < removed.ordinal)
        .values(highest=removed.ordinal)
    )
