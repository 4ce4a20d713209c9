"""Stored events of resumable runs: runs of consecutive events, several to a row.

A segment's data is one line for each event, `name TAB json`; neither holds a line break, and seqs are dense, so an
event's seq is its segment's `first_seq` plus its line number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from runline.model.event import Event
from runline.model.lifecycle import RunStatus
from runline.storage.engine import Database, insert_new, reads, tell, writes
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
_OWNED = (
    # not those of runs that were given back: their attempt is over, whatever its worker thinks
    select(runs.c.run_id, runs.c.attempt)
    .where(runs.c.run_id.in_(bindparam("keys", expanding=True)), runs.c.status != RunStatus.PENDING)
    # nobody claims one of them before these events are stored
    .order_by(runs.c.run_id)
    .with_for_update(read=True)
)

Attempt = tuple[str, int]
"""A run_id and the attempt on whose behalf events are written."""


class SegmentStore:
    """The `segments` table. No viewer: it is reached through a run that the viewer may see."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @writes
    def append(self, connection: Connection, batch: Mapping[Attempt, Sequence[Event]]) -> set[Attempt]:
        """Store the next events of several runs in one transaction.

        Returns the attempts that do not own their run any more; nothing was stored of theirs.
        """
        owned = _owned(connection, [run_id for run_id, _ in batch])
        rows = [_row(run_id, events) for (run_id, attempt), events in batch.items() if (run_id, attempt) in owned]
        if rows:
            tell(connection, _INSERT, rows)
        return set(batch) - owned

    @reads
    def read(self, connection: Connection, run_id: str, after: int) -> list[Event]:
        """The next stored events after `after`, some at a time; none if there are no more."""
        rows = connection.execute(_READ, {"key": run_id, "after": after}).all()
        return [event for row in rows for event in _events(row.first_seq, row.data) if event.seq > after]

    @reads
    def last_seq(self, connection: Connection, run_id: str) -> int:
        """The newest stored event's seq; 0 if there is none."""
        newest: int | None = connection.execute(_LAST, {"key": run_id}).scalar_one()
        return newest or 0

    @writes
    def compact(self, connection: Connection, attempt: Attempt) -> None:
        """Put the many small segments of a run that this attempt has ended into few large ones."""
        if attempt not in _owned(connection, [attempt[0]]):
            return
        run_id, _ = attempt
        parts: list[bytes] = list(connection.execute(_ALL, {"key": run_id}).scalars())
        if len(parts) < 2:
            return
        connection.execute(_DELETE, {"key": run_id})
        connection.execute(_INSERT, _packed(run_id, parts))

    @writes
    def sweep(self, connection: Connection, ended_before: datetime) -> int:
        """Forget the events of runs that ended before this moment, and stateless runs kept for theirs; returns runs."""
        old = select(runs.c.run_id).where(runs.c.resumable == 1, runs.c.ended_at < ended_before)
        hidden = select(runs.c.thread_id).where(runs.c.resumable == 1, runs.c.ended_at < ended_before)
        swept = connection.execute(delete(segments).where(segments.c.run_id.in_(old)))
        connection.execute(delete(threads).where(threads.c.hidden == 1, threads.c.thread_id.in_(hidden)))
        return swept.rowcount


def _owned(connection: Connection, run_ids: list[str]) -> set[Attempt]:
    return {(row.run_id, row.attempt) for row in connection.execute(_OWNED, {"keys": run_ids})}


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
