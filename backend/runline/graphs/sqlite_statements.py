"""The SQL of the SQLite saver, over langgraph's tables and two of ours."""

from __future__ import annotations

_WRITE_COLUMNS = "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value"
_CHECKPOINT_COLUMNS = "checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata"

TABLES = ("replaced_writes", "writes", "checkpoints")

EXTENSIONS = """
CREATE INDEX IF NOT EXISTS ix_checkpoints_run ON checkpoints (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_checkpoints_updates ON checkpoints (thread_id, checkpoint_ns, checkpoint_id)
    WHERE run_id IS NULL;
CREATE INDEX IF NOT EXISTS ix_writes_run ON writes (run_id) WHERE run_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS replaced_writes (
    replaced_by TEXT NOT NULL,
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    task_path TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB, run_id TEXT,
    PRIMARY KEY (replaced_by, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);
CREATE TABLE IF NOT EXISTS fences (run_id TEXT PRIMARY KEY, attempt INTEGER NOT NULL);
-- whom they kept out was in a process that is gone: one process owns the file
DELETE FROM fences;
"""

FENCED = "SELECT 1 FROM fences WHERE run_id = ? AND attempt > ?"
FENCE = "INSERT INTO fences VALUES (?, ?) ON CONFLICT DO UPDATE SET attempt = max(attempt, excluded.attempt)"
PUT_CHECKPOINT = (
    f"INSERT OR REPLACE INTO checkpoints (thread_id, {_CHECKPOINT_COLUMNS}, run_id) "
    f"SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS ({FENCED})"
)
PUT_WRITES = f"INSERT OR IGNORE INTO writes ({_WRITE_COLUMNS}, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
REPLACE_WRITES = PUT_WRITES.replace("IGNORE", "REPLACE")
KEEP_REPLACED = (
    f"INSERT OR IGNORE INTO replaced_writes (replaced_by, {_WRITE_COLUMNS}, run_id) "
    f"SELECT ?, {_WRITE_COLUMNS}, run_id FROM writes WHERE thread_id = ? AND checkpoint_ns = ? "
    "AND checkpoint_id = ? AND task_id = ? AND idx < 0 AND run_id IS NOT ?"
)
NEWEST_OF_RUN = "SELECT max(checkpoint_id) FROM checkpoints WHERE run_id = ? AND checkpoint_ns = ''"
NEXT_UPDATE = (
    "SELECT min(checkpoint_id) FROM checkpoints "
    "WHERE thread_id = ? AND checkpoint_ns = '' AND run_id IS NULL AND checkpoint_id >= ?"
)
DELETE_THREAD = "DELETE FROM {table} WHERE thread_id = ?"
COPY_THREAD = tuple(
    f"INSERT INTO {table} (thread_id, {columns}) SELECT ?, {columns} FROM {table} WHERE thread_id = ?"
    for table, columns in (
        ("checkpoints", _CHECKPOINT_COLUMNS),
        ("writes", _WRITE_COLUMNS.removeprefix("thread_id, ")),
    )
)

WEIGHED_ROWS = (
    "SELECT checkpoint_ns, checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = ? "
    "AND (checkpoint_ns, checkpoint_id) > (?, ?) ORDER BY checkpoint_ns, checkpoint_id LIMIT ?"
)
WEIGHED_WRITES = (
    "SELECT count(*), coalesce(sum(length(CAST(value AS BLOB))), 0) FROM ("
    "SELECT value FROM writes WHERE thread_id = :thread "
    "UNION ALL SELECT value FROM replaced_writes WHERE thread_id = :thread)"
)

_SAME_CHECKPOINT = (
    "c.thread_id = {0}.thread_id AND c.checkpoint_ns = {0}.checkpoint_ns AND c.checkpoint_id = {0}.checkpoint_id"
)

_SAME_PLACE = " AND ".join(
    f"later.{column} = earlier.{column}" for column in ("thread_id", "checkpoint_ns", "checkpoint_id", "task_id", "idx")
)
_EARLIER_WRITE = ", ".join(f"earlier.{column}" for column in _WRITE_COLUMNS.split(", "))

# The versions of one write form a chain: each row of `replaced_writes` holds what `replaced_by` took the place of.
# Undoing a run takes its version out, wherever in the chain it is.
DELETE_FOR_RUN = (
    # a run that replaced this one's version has replaced, from now on, the version before
    f"INSERT OR REPLACE INTO replaced_writes (replaced_by, {_WRITE_COLUMNS}, run_id) "
    f"SELECT later.replaced_by, {_EARLIER_WRITE}, earlier.run_id FROM replaced_writes later "
    f"JOIN replaced_writes earlier ON {_SAME_PLACE} WHERE later.run_id = :run AND earlier.replaced_by = :run",
    "DELETE FROM replaced_writes WHERE run_id = :run",
    # writes of other runs or of state updates go with the checkpoint they were made on
    f"DELETE FROM writes WHERE run_id = :run OR EXISTS "
    f"(SELECT 1 FROM checkpoints c WHERE c.run_id = :run AND {_SAME_CHECKPOINT.format('writes')})",
    "DELETE FROM checkpoints WHERE run_id = :run",
    # IGNORE: a later version stands in its place
    f"INSERT OR IGNORE INTO writes ({_WRITE_COLUMNS}, run_id) SELECT {_WRITE_COLUMNS}, run_id "
    f"FROM replaced_writes r WHERE replaced_by = :run "
    f"AND EXISTS (SELECT 1 FROM checkpoints c WHERE {_SAME_CHECKPOINT.format('r')})",
    "DELETE FROM replaced_writes WHERE replaced_by = :run",
)

# The newest checkpoint of each namespace stays. Where its metadata says that a DeltaChannel has changed since its
# last snapshot, its ancestors stay too: the channel's value is rebuilt from their writes.
PRUNE = """
WITH RECURSIVE newest AS (
    SELECT checkpoint_ns, max(checkpoint_id) AS checkpoint_id
    FROM checkpoints WHERE thread_id = :thread GROUP BY checkpoint_ns
), kept AS (
    SELECT c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id,
        json_extract(c.metadata, '$.counters_since_delta_snapshot') IS NOT NULL AS needs_parents
    FROM checkpoints c JOIN newest USING (checkpoint_ns, checkpoint_id) WHERE c.thread_id = :thread
    UNION
    SELECT c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, 1
    FROM kept CROSS JOIN checkpoints c
    WHERE kept.needs_parents AND c.thread_id = :thread AND c.checkpoint_ns = kept.checkpoint_ns
        AND c.checkpoint_id = kept.parent_checkpoint_id
)
DELETE FROM {table} WHERE thread_id = :thread
    AND (checkpoint_ns, checkpoint_id) NOT IN (SELECT checkpoint_ns, checkpoint_id FROM kept)
"""
