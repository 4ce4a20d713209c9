"""The SQL of the PostgreSQL saver, over langgraph's tables and two of ours.

`checkpoint_blobs` holds the values of channels, one for each version, which checkpoints share. One goes with the last
checkpoint that names its version.
"""

from __future__ import annotations

STALE = "RLSTL"
"""The SQLSTATE of a write on behalf of an attempt that was superseded."""

_WRITE_COLUMNS = "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, blob"
_WRITE_KEY = "thread_id, checkpoint_ns, checkpoint_id, task_id, idx"
_REPLACE = (
    "task_path = excluded.task_path, channel = excluded.channel, type = excluded.type, blob = excluded.blob, "
    "run_id = excluded.run_id"
)

SAVED = {
    "fences": ("run_id", "attempt"),
    "checkpoints": (
        "thread_id",
        "checkpoint_ns",
        "checkpoint_id",
        "parent_checkpoint_id",
        "checkpoint",
        "metadata",
        "run_id",
    ),
    "blobs": ("thread_id", "checkpoint_ns", "channel", "version", "type", "blob"),
    "writes": (*_WRITE_COLUMNS.split(", "), "run_id", "replaces"),
}
"""What one call of SAVE takes: the columns of several tables, each an array of texts, or of bytes where it is a blob.

`replaces` is True or False.
"""


def _numbered(wanted: str) -> str:
    """The parameters that are the columns of a table."""
    names = [(table, name) for table, columns in SAVED.items() for name in columns]
    return ", ".join(f"${number}" for number, (table, _) in enumerate(names, 1) if table == wanted)


def _given(table: str) -> str:
    """The rows that are to be saved in a table."""
    return f"unnest({_numbered(table)}) AS given ({', '.join(SAVED[table])})"


_KINDS = ", ".join("BYTEA[]" if name == "blob" else "TEXT[]" for columns in SAVED.values() for name in columns)
_OWN_WRITES = f"SELECT {_WRITE_COLUMNS.replace('idx', 'idx::integer')}, run_id FROM {_given('writes')}"
_KEPT_WRITES = ", ".join(f"earlier.{column}" for column in _WRITE_COLUMNS.split(", "))

# each is executed once in a database: what changes is put last (`postgres_tables.py`)
EXTENSIONS = (
    "ALTER TABLE checkpoints ADD COLUMN IF NOT EXISTS run_id TEXT",
    "ALTER TABLE checkpoint_writes ADD COLUMN IF NOT EXISTS run_id TEXT",
    "CREATE INDEX IF NOT EXISTS ix_checkpoints_run ON checkpoints (run_id) WHERE run_id IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS ix_checkpoints_updates ON checkpoints (thread_id, checkpoint_ns, checkpoint_id) "
    "WHERE run_id IS NULL",
    "CREATE INDEX IF NOT EXISTS ix_checkpoint_writes_run ON checkpoint_writes (run_id) WHERE run_id IS NOT NULL",
    """
CREATE TABLE IF NOT EXISTS replaced_writes (
    replaced_by TEXT NOT NULL,
    thread_id TEXT NOT NULL, checkpoint_ns TEXT NOT NULL, checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
    task_path TEXT NOT NULL, idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, blob BYTEA NOT NULL, run_id TEXT,
    PRIMARY KEY (replaced_by, thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
)""",
    "CREATE INDEX IF NOT EXISTS ix_replaced_writes_thread ON replaced_writes (thread_id)",
    "CREATE INDEX IF NOT EXISTS ix_replaced_writes_run ON replaced_writes (run_id) WHERE run_id IS NOT NULL",
    """
CREATE TABLE IF NOT EXISTS fences (
    run_id TEXT PRIMARY KEY, attempt INTEGER NOT NULL, fenced_at TIMESTAMPTZ NOT NULL DEFAULT now()
)""",
)

# Each statement of a function sees what is committed as it begins, so the fence is looked for with the lock held.
# Writers share the lock: a fence waits for those that came before it, and stops those that come behind.
FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION check_fence(run TEXT, token INTEGER) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(run, 0));
    IF EXISTS (SELECT 1 FROM fences WHERE run_id = run AND attempt > token) THEN
        RAISE EXCEPTION 'superseded' USING ERRCODE = '{STALE}';
    END IF;
END $$""",
    f"""
CREATE OR REPLACE FUNCTION save_rows({_KINDS}) RETURNS void LANGUAGE plpgsql AS $$
DECLARE place RECORD;
BEGIN
    PERFORM check_fence(run_id, attempt::integer) FROM {_given("fences")};
    INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
        SELECT * FROM {_given("blobs")} ON CONFLICT DO NOTHING;
    INSERT INTO checkpoints
        (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata, run_id)
        SELECT thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint::jsonb, metadata::jsonb, run_id
        FROM {_given("checkpoints")}
        ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET
            parent_checkpoint_id = excluded.parent_checkpoint_id, checkpoint = excluded.checkpoint,
            metadata = excluded.metadata, run_id = excluded.run_id;
    INSERT INTO checkpoint_writes ({_WRITE_COLUMNS}, run_id)
        {_OWN_WRITES} WHERE NOT replaces::boolean ON CONFLICT ({_WRITE_KEY}) DO NOTHING;
    IF 'True' = ANY ({_numbered("writes").rpartition(", ")[2]}) THEN
        FOR place IN SELECT DISTINCT run_id, thread_id, checkpoint_ns, checkpoint_id, task_id
            FROM {_given("writes")} WHERE replaces::boolean AND run_id IS NOT NULL
        LOOP
            INSERT INTO replaced_writes (replaced_by, {_WRITE_COLUMNS}, run_id)
                SELECT place.run_id, {_KEPT_WRITES}, earlier.run_id FROM checkpoint_writes earlier
                WHERE earlier.thread_id = place.thread_id AND earlier.checkpoint_ns = place.checkpoint_ns
                AND earlier.checkpoint_id = place.checkpoint_id AND earlier.task_id = place.task_id
                AND earlier.idx < 0 AND earlier.run_id IS DISTINCT FROM place.run_id
                ON CONFLICT DO NOTHING;
        END LOOP;
        INSERT INTO checkpoint_writes ({_WRITE_COLUMNS}, run_id)
            {_OWN_WRITES} WHERE replaces::boolean ON CONFLICT ({_WRITE_KEY}) DO UPDATE SET {_REPLACE};
    END IF;
END $$""",
)
"""Made at each start, which waits for no table: they are as this version has them."""

# whom it kept out has come to its end by then
FORGET_FENCES = "DELETE FROM fences WHERE fenced_at < now() - interval '7 days'"

SAVE = f"SELECT save_rows({', '.join('%s' for columns in SAVED.values() for _ in columns)})"
"""Look for fences, and save rows: all of it, or nothing."""

CHECK_FENCE = "SELECT check_fence(%s, %s)"
LOCK_FENCE = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
FENCE = (
    "INSERT INTO fences (run_id, attempt) VALUES (%s, %s) ON CONFLICT (run_id) "
    "DO UPDATE SET attempt = greatest(fences.attempt, excluded.attempt), fenced_at = now()"
)

NEWEST_OF_RUN = "SELECT max(checkpoint_id) AS id FROM checkpoints WHERE run_id = %s AND checkpoint_ns = ''"
NEXT_UPDATE = (
    "SELECT min(checkpoint_id) AS id FROM checkpoints "
    "WHERE thread_id = %s AND checkpoint_ns = '' AND run_id IS NULL AND checkpoint_id >= %s"
)

TABLES = ("replaced_writes", "checkpoint_writes", "checkpoint_blobs", "checkpoints")
DELETE_THREAD = tuple(f"DELETE FROM {table} WHERE thread_id = %(thread)s" for table in TABLES)
_COPIES = {
    "checkpoints": "checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata",
    "checkpoint_blobs": "checkpoint_ns, channel, version, type, blob",
    "checkpoint_writes": _WRITE_COLUMNS.removeprefix("thread_id, "),
}
# one statement, so that all is copied as it is at one moment
COPY_THREAD = "WITH {} SELECT".format(
    ", ".join(
        f"{table}_copied AS (INSERT INTO {table} (thread_id, {columns}) SELECT %(target)s, {columns} FROM {table} "
        "WHERE thread_id = %(thread)s ON CONFLICT DO NOTHING)"
        for table, columns in _COPIES.items()
    )
)

_ON_CHECKPOINT = (
    "c.thread_id = {0}.thread_id AND c.checkpoint_ns = {0}.checkpoint_ns AND c.checkpoint_id = {0}.checkpoint_id"
)
_SAME_PLACE = " AND ".join(f"later.{column} = earlier.{column}" for column in _WRITE_KEY.split(", "))
_EARLIER_WRITE = ", ".join(f"earlier.{column}" for column in _WRITE_COLUMNS.split(", "))
_VERSIONS = "jsonb_each_text(c.checkpoint -> 'channel_versions') AS v (channel, version)"

# as in sqlite_statements.py: the versions of one write form a chain, out of which the run's are taken
DELETE_FOR_RUN = (
    f"INSERT INTO replaced_writes (replaced_by, {_WRITE_COLUMNS}, run_id) "
    f"SELECT later.replaced_by, {_EARLIER_WRITE}, earlier.run_id FROM replaced_writes later "
    f"JOIN replaced_writes earlier ON {_SAME_PLACE} WHERE later.run_id = %(run)s AND earlier.replaced_by = %(run)s "
    f"ON CONFLICT (replaced_by, {_WRITE_KEY}) DO UPDATE SET {_REPLACE}",
    "DELETE FROM replaced_writes WHERE run_id = %(run)s",
    "DELETE FROM checkpoint_writes w WHERE run_id = %(run)s",
    f"DELETE FROM checkpoint_writes w USING checkpoints c WHERE c.run_id = %(run)s AND {_ON_CHECKPOINT.format('w')}",
    f"""
WITH freed AS (
    SELECT DISTINCT c.thread_id, c.checkpoint_ns, v.channel, v.version
    FROM checkpoints c CROSS JOIN {_VERSIONS} WHERE c.run_id = %(run)s
), kept AS (
    SELECT DISTINCT c.thread_id, c.checkpoint_ns, v.channel, v.version
    FROM checkpoints c CROSS JOIN {_VERSIONS}
    WHERE c.thread_id IN (SELECT thread_id FROM freed) AND c.run_id IS DISTINCT FROM %(run)s
)
DELETE FROM checkpoint_blobs b USING (SELECT * FROM freed EXCEPT SELECT * FROM kept) f
WHERE b.thread_id = f.thread_id AND b.checkpoint_ns = f.checkpoint_ns
    AND b.channel = f.channel AND b.version = f.version
""",
    "DELETE FROM checkpoints WHERE run_id = %(run)s",
    # nothing: a later version stands in its place
    f"INSERT INTO checkpoint_writes ({_WRITE_COLUMNS}, run_id) SELECT {_WRITE_COLUMNS}, run_id "
    f"FROM replaced_writes r WHERE replaced_by = %(run)s "
    f"AND EXISTS (SELECT 1 FROM checkpoints c WHERE {_ON_CHECKPOINT.format('r')}) ON CONFLICT DO NOTHING",
    "DELETE FROM replaced_writes WHERE replaced_by = %(run)s",
)

_THIN_OUT = """
WITH RECURSIVE newest AS (
    SELECT checkpoint_ns, max(checkpoint_id) AS checkpoint_id
    FROM checkpoints WHERE thread_id = %(thread)s GROUP BY checkpoint_ns
), kept AS (
    SELECT c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id,
        c.metadata ? 'counters_since_delta_snapshot' AS needs_parents
    FROM checkpoints c JOIN newest USING (checkpoint_ns, checkpoint_id) WHERE c.thread_id = %(thread)s
    UNION
    SELECT c.checkpoint_ns, c.checkpoint_id, c.parent_checkpoint_id, true
    FROM kept JOIN checkpoints c ON c.thread_id = %(thread)s AND c.checkpoint_ns = kept.checkpoint_ns
        AND c.checkpoint_id = kept.parent_checkpoint_id
    WHERE kept.needs_parents
)
DELETE FROM {table} t WHERE thread_id = %(thread)s AND NOT EXISTS (
    SELECT 1 FROM kept WHERE kept.checkpoint_ns = t.checkpoint_ns AND kept.checkpoint_id = t.checkpoint_id
)
"""
KEEP_LATEST = (
    *(_THIN_OUT.replace("{table}", table) for table in ("replaced_writes", "checkpoint_writes", "checkpoints")),
    f"""
DELETE FROM checkpoint_blobs b WHERE thread_id = %(thread)s AND (checkpoint_ns, channel, version) NOT IN (
    SELECT c.checkpoint_ns, v.channel, v.version FROM checkpoints c CROSS JOIN {_VERSIONS}
    WHERE c.thread_id = %(thread)s
)
""",
)

WEIGH_CHECKPOINTS = """
SELECT count(*) AS count, coalesce(sum(octet_length(checkpoint::text) + octet_length(metadata::text)), 0) AS bytes
FROM checkpoints WHERE thread_id = %(thread)s
"""
WEIGH_VERSIONS = f"""
SELECT DISTINCT c.checkpoint_ns AS namespace, v.channel, v.version
FROM checkpoints c CROSS JOIN {_VERSIONS} WHERE c.thread_id = %(thread)s
"""
# values of these kinds are kept in the checkpoint itself
WEIGH_INLINE = """
SELECT v.channel, sum(octet_length(v.value::text)) AS bytes
FROM checkpoints c CROSS JOIN jsonb_each(c.checkpoint -> 'channel_values') AS v (channel, value)
WHERE c.thread_id = %(thread)s GROUP BY v.channel
"""
WEIGH_BLOBS = """
SELECT channel, sum(octet_length(blob)) AS bytes FROM checkpoint_blobs WHERE thread_id = %(thread)s GROUP BY channel
"""
WEIGH_WRITES = """
SELECT count(*) AS count, coalesce(sum(octet_length(blob)), 0) AS bytes FROM (
    SELECT blob FROM checkpoint_writes WHERE thread_id = %(thread)s
    UNION ALL SELECT blob FROM replaced_writes WHERE thread_id = %(thread)s
) AS w
"""
