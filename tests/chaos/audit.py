"""Who wrote what of which run, as PostgreSQL saw it, and whether they still might.

Each write is noted while its writer holds what keeps others out, the run's row or its fence, so that the notes are in
the order of the writes. A node is known by the name that it connects with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import psycopg

_ATTEMPT = {
    "runs": "noted->>'attempt'",
    "checkpoints": "noted->'metadata'->>'run_attempt'",
    "run_events": "CASE WHEN noted->>'event_type' IN ('run.start', 'run.resume') "
    "THEN (noted->>'content')::jsonb->>'attempt' END",
    "checkpoint_writes": "NULL",
    "segments": "NULL",
}
"""Which attempt a row of a table is of, if it tells."""

_TABLE = """
CREATE TABLE chaos_writes (place BIGSERIAL PRIMARY KEY, node TEXT, kind TEXT, run_id TEXT, attempt INTEGER, status TEXT)
"""
_NOTE = """
CREATE FUNCTION note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE noted JSONB := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) || '{{"status": "gone"}}' ELSE to_jsonb(NEW) END;
BEGIN
    INSERT INTO chaos_writes (node, kind, run_id, attempt, status) VALUES (
        current_setting('application_name'), '{kind}', noted->>'run_id', ({attempt})::int, noted->>'status');
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER {when} ON {kind} FOR EACH ROW EXECUTE FUNCTION note_{kind}();
"""
_READ = "SELECT node, kind, run_id, attempt, status FROM chaos_writes WHERE run_id IS NOT NULL ORDER BY place"

_BY_ITS_HOLDER = ("checkpoint_writes", "segments")
"""Tables that nobody writes but the node that executes the run, or has ended it."""


class Write(NamedTuple):
    """A row that was written. `attempt` and `status` are None where the row does not tell; "gone": it was deleted."""

    node: str
    kind: str
    run_id: str
    attempt: int | None = None
    status: str | None = None


def begin_audit(conninfo: str) -> None:
    """Note from here on who writes."""
    with psycopg.connect(conninfo) as connection:
        connection.execute(_TABLE)
        for kind, attempt in _ATTEMPT.items():
            when = "INSERT OR UPDATE OR DELETE" if kind == "runs" else "INSERT OR UPDATE"
            connection.execute(_NOTE.format(kind=kind, attempt=attempt, when=when).encode())


def read_audit(conninfo: str) -> list[Write]:
    """All writes of runs, in their order."""
    with psycopg.connect(conninfo) as connection:
        return [Write(*row) for row in connection.execute(_READ)]


def written_too_late(writes: Sequence[Write]) -> Iterator[str]:
    """What an attempt wrote that did not own its run any more."""
    rows: dict[str, Write] = {}
    holders: dict[str, str] = {}
    for write in writes:
        row = rows.get(write.run_id)
        if write.kind == "runs":
            if row is None or write.attempt != row.attempt:
                holders[write.run_id] = write.node
            rows[write.run_id] = write
        elif row is None:
            yield f"{write} of a run that was never there"
        elif write.attempt is not None:
            if (row.attempt, row.status) != (write.attempt, "running"):
                yield f"{write} when the run was {row}"
        elif write.kind in _BY_ITS_HOLDER and write.node != (holder := holders[write.run_id]):
            yield f"{write} when {holder} had the run: {row}"
