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
CREATE TABLE chaos_writes (
    place BIGSERIAL PRIMARY KEY, node TEXT, kind TEXT, run_id TEXT, attempt INTEGER, status TEXT, transaction BIGINT
)
"""
_NOTE = """
CREATE FUNCTION note_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE noted JSONB := CASE TG_OP WHEN 'DELETE' THEN to_jsonb(OLD) || '{{"status": "gone"}}' ELSE to_jsonb(NEW) END;
BEGIN
    INSERT INTO chaos_writes (node, kind, run_id, attempt, status, transaction) VALUES (
        current_setting('application_name'), '{kind}', noted->>'run_id', ({attempt})::int, noted->>'status',
        txid_current());
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER {when} ON {kind} FOR EACH ROW EXECUTE FUNCTION note_{kind}();
"""
_READ = (
    "SELECT node, kind, run_id, attempt, status, transaction FROM chaos_writes WHERE run_id IS NOT NULL ORDER BY place"
)

_BY_ITS_HOLDER = ("checkpoint_writes", "segments")
"""Tables that nobody writes but the node that executes the run, or has ended it."""


class Write(NamedTuple):
    """A row that was written. `attempt` and `status` are None where the row does not tell; "gone": it was deleted."""

    node: str
    kind: str
    run_id: str
    attempt: int | None = None
    status: str | None = None
    transaction: int = 0


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
    runs: dict[str, _Row] = {}
    for write in writes:
        row = runs.get(write.run_id)
        if write.kind == "runs":
            runs[write.run_id] = _Row(write, row)
        elif row is None:
            yield f"{write} of a run that was never there"
        elif write.attempt is not None:
            if not row.is_of(write):
                yield f"{write} when the run was {row.newest}"
        elif write.kind in _BY_ITS_HOLDER and write.node != row.holder:
            yield f"{write} when {row.holder} had the run: {row.newest}"


class _Row:
    """A run's row: as it is, as it was before this transaction, and who gave it its attempt."""

    def __init__(self, newest: Write, before: _Row | None) -> None:
        self.newest = newest
        self.holder: str = newest.node
        self._earlier: Write | None = None
        if before:
            same = before.newest.transaction == newest.transaction
            self._earlier = before._earlier if same else before.newest
            self.holder = before.holder if before.newest.attempt == newest.attempt else newest.node

    def is_of(self, write: Write) -> bool:
        """Whether this attempt is executing, or was until the transaction that it writes in gave the run away."""
        states = [self.newest]
        if self._earlier and self.newest.transaction == write.transaction:
            states.append(self._earlier)
        return any((state.attempt, state.status) == (write.attempt, "running") for state in states)
