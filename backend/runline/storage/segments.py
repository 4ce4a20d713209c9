"""Stored events of resumable runs: runs of consecutive events, several to a row.

A segment's data is one line for each event, `name TAB json`; neither holds a line break, and seqs are dense, so an
event's seq is its segment's `first_seq` plus its line number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from runline.model.event import Event
from runline.storage.engine import Database, insert_new
from runline.storage.tables import runs, segments, threads

_COMPACT_BYTES = 256 * 1024
"""How large the segments of an ended run become."""

_READ_ROWS = 64

# a commit may have succeeded although its caller was told otherwise, and tries again
_INSERT = insert_new(segments)
_READ = (
    select(segments.c.first_seq, segments.c.data)
    .where(segments.c.run_id == bindparam("key"), segments.c.last_seq > bindparam("after"))
    .order_by(segments.c.first_seq)
    .limit(_READ_ROWS)
)
_LAST = select(func.max(segments.c.last_seq)).where(segments.c.run_id == bindparam("key"))
_ALL = select(segments.c.data).where(segments.c.run_id == bindparam("key")).order_by(segments.c.first_seq)
_DELETE = delete(segments).where(segments.c.run_id == bindparam("key"))

Attempt = tuple[str, int]
"""A run_id and the attempt on whose behalf events are written."""


class SegmentStore:
    """The `segments` table. No viewer: it is reached through a run that the viewer may see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, batch: Mapping[Attempt, Sequence[Event]]) -> set[Attempt]:
        """Store the next events of several runs in one transaction.

        Returns the attempts that do not own their run any more; nothing was stored of theirs.
        """
        async with self._database.write() as connection:
            owned = await _owned(connection, [run_id for run_id, _ in batch])
            rows = [_row(run_id, events) for (run_id, attempt), events in batch.items() if (run_id, attempt) in owned]
            if rows:
                await connection.execute(_INSERT, rows)
        return set(batch) - owned

    async def read(self, run_id: str, after: int) -> list[Event]:
        """The next stored events after `after`, some at a time; none if there are no more."""
        async with self._database.read() as connection:
            rows = (await connection.execute(_READ, {"key": run_id, "after": after})).all()
        return [event for row in rows for event in _events(row.first_seq, row.data) if event.seq > after]

    async def last_seq(self, run_id: str) -> int:
        """The newest stored event's seq; 0 if there is none."""
        async with self._database.read() as connection:
            newest: int | None = (await connection.execute(_LAST, {"key": run_id})).scalar_one()
        return newest or 0

    async def compact(self, run_id: str) -> None:
        """Put the many small segments of an ended run into few large ones."""
        async with self._database.write() as connection:
            parts: list[bytes] = list((await connection.execute(_ALL, {"key": run_id})).scalars())
            if len(parts) < 2:
                return
            await connection.execute(_DELETE, {"key": run_id})
            await connection.execute(_INSERT, _packed(run_id, parts))

    async def sweep(self, ended_before: datetime) -> int:
        """Forget the events of runs that ended before this moment, and stateless runs kept for theirs; returns runs."""
        old = select(runs.c.run_id).where(runs.c.resumable == 1, runs.c.ended_at < ended_before)
        hidden = select(runs.c.thread_id).where(runs.c.resumable == 1, runs.c.ended_at < ended_before)
        async with self._database.write() as connection:
            swept = await connection.execute(delete(segments).where(segments.c.run_id.in_(old)))
            await connection.execute(delete(threads).where(threads.c.hidden == 1, threads.c.thread_id.in_(hidden)))
        return swept.rowcount


async def _owned(connection: AsyncConnection, run_ids: list[str]) -> set[Attempt]:
    query = select(runs.c.run_id, runs.c.attempt).where(runs.c.run_id.in_(run_ids))
    return {(row.run_id, row.attempt) for row in await connection.execute(query)}


def _row(run_id: str, events: Sequence[Event]) -> dict[str, Any]:
    data = b"".join(b"%b\t%b\n" % (event.name.encode(), event.data) for event in events)
    return {"run_id": run_id, "first_seq": events[0].seq, "last_seq": events[-1].seq, "data": data}


def _events(first_seq: int, data: bytes) -> list[Event]:
    lines = data.split(b"\n")
    fields = (line.partition(b"\t") for line in islice(lines, len(lines) - 1))
    return [Event(first_seq + index, name.decode(), body) for index, (name, _, body) in enumerate(fields)]


def _packed(run_id: str, parts: Sequence[bytes]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    first_seq, start, size = 1, 0, 0
    for position, part in enumerate(parts):
        size += len(part)
        if size >= _COMPACT_BYTES or position == len(parts) - 1:
            data = b"".join(parts[start : position + 1])
            last_seq = first_seq + data.count(b"\n") - 1
            rows.append({"run_id": run_id, "first_seq": first_seq, "last_seq": last_seq, "data": data})
            first_seq, start, size = last_seq + 1, position + 1, 0
    return rows
