"""langgraph's SQLite saver, extended by what the gateway needs: `checkpoints.py` says what that is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from runline.graphs.checkpoint_ids import first_checkpoint_id
from runline.graphs.checkpoints import RunlineSaver, Token, token_of
from runline.graphs.reach import within_reach
from runline.graphs.task_writes import TaskWrites
from runline.graphs.weights import Weight
from runline.kit.json import dumps
from runline.kit.sqlite import OneHopConnection, connect
from runline.model.place import Place

T = TypeVar("T")

_WRITE_COLUMNS = "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value"
_CHECKPOINT_COLUMNS = "checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata"

Put = Callable[[sqlite3.Connection], object]
"""One write, to be made in a transaction."""

_TABLES = ("replaced_writes", "writes", "checkpoints")

_EXTENSIONS = """
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

_FENCED = "SELECT 1 FROM fences WHERE run_id = ? AND attempt > ?"
_FENCE = "INSERT INTO fences VALUES (?, ?) ON CONFLICT DO UPDATE SET attempt = max(attempt, excluded.attempt)"
_PUT_CHECKPOINT = (
    f"INSERT OR REPLACE INTO checkpoints (thread_id, {_CHECKPOINT_COLUMNS}, run_id) "
    f"SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS ({_FENCED})"
)
_PUT_WRITES = f"INSERT OR IGNORE INTO writes ({_WRITE_COLUMNS}, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REPLACE_WRITES = _PUT_WRITES.replace("IGNORE", "REPLACE")
_KEEP_REPLACED = (
    f"INSERT OR IGNORE INTO replaced_writes (replaced_by, {_WRITE_COLUMNS}, run_id) "
    f"SELECT ?, {_WRITE_COLUMNS}, run_id FROM writes WHERE thread_id = ? AND checkpoint_ns = ? "
    "AND checkpoint_id = ? AND task_id = ? AND idx < 0 AND run_id IS NOT ?"
)
_NEWEST_OF_RUN = "SELECT max(checkpoint_id) FROM checkpoints WHERE run_id = ? AND checkpoint_ns = ''"
_NEXT_UPDATE = (
    "SELECT min(checkpoint_id) FROM checkpoints "
    "WHERE thread_id = ? AND checkpoint_ns = '' AND run_id IS NULL AND checkpoint_id >= ?"
)
_DELETE_THREAD = "DELETE FROM {table} WHERE thread_id = ?"
_COPY_THREAD = tuple(
    f"INSERT INTO {table} (thread_id, {columns}) SELECT ?, {columns} FROM {table} WHERE thread_id = ?"
    for table, columns in (
        ("checkpoints", _CHECKPOINT_COLUMNS),
        ("writes", _WRITE_COLUMNS.removeprefix("thread_id, ")),
    )
)

_WEIGHED_AT_ONCE = 100
_WEIGHED_ROWS = (
    "SELECT checkpoint_ns, checkpoint_id, type, checkpoint, metadata FROM checkpoints WHERE thread_id = ? "
    "AND (checkpoint_ns, checkpoint_id) > (?, ?) ORDER BY checkpoint_ns, checkpoint_id LIMIT ?"
)
_WEIGHED_WRITES = (
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
_DELETE_FOR_RUN = (
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
_PRUNE = """
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


class _CheckpointConnection(OneHopConnection):
    """Says that the file is locked or its disk full as the rest of the gateway does."""

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """See the base class. Raises Unavailable."""
        with within_reach("The checkpoints"):
            return await super().run(work)


@asynccontextmanager
async def open_sqlite_saver(
    file: Path, *, synchronous: str, busy_timeout_seconds: float = 5.0
) -> AsyncIterator[SqliteSaver]:
    """Open the checkpoint file, creating its tables; `synchronous` is SQLite's pragma."""
    async with connect(file, _CheckpointConnection) as opened:
        connection = cast(OneHopConnection, opened)
        await connection.execute(f"PRAGMA synchronous = {synchronous}")
        await connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_seconds * 1000)}")
        saver = SqliteSaver(connection)
        await saver.setup()
        yield saver


class SqliteSaver(RunlineSaver, AsyncSqliteSaver):
    """Each write is one transaction in one crossing to the connection's thread."""

    conn: OneHopConnection
    _extended = False

    async def _save_all(self, puts: Sequence[Put], thread_id: str, token: Token) -> None:  # noqa: ARG002 - they say it
        await self.conn.run_transaction(_all_of(puts))

    async def setup(self) -> None:
        """Create the tables of the base class and ours."""
        if self._extended:
            return
        await super().setup()
        await self.conn.run(_extend)
        self._extended = True

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - this saver keeps whole checkpoints
    ) -> RunnableConfig:
        """Save a checkpoint; see the base class."""
        key = config["configurable"]
        run_id, attempt = token_of(config)
        token = self._token(str(key["thread_id"]), run_id, attempt)
        await self._prelude_of(run_id)
        full_metadata = dict(get_checkpoint_metadata(config, metadata))
        type_, blob = self.serde.dumps_typed(checkpoint)
        row = (
            str(key["thread_id"]),
            key["checkpoint_ns"],
            checkpoint["id"],
            key.get("checkpoint_id"),
            type_,
            blob,
            dumps(full_metadata),
            run_id or full_metadata.get("run_id"),
            *token,
        )
        writes = self._kept_back(run_id, str(key["thread_id"]))

        def put(connection: sqlite3.Connection) -> int:
            _all_of(writes)(connection)
            return connection.execute(_PUT_CHECKPOINT, row).rowcount

        if await (self.conn.run_transaction(put) if writes else self.conn.run(put)) == 0:
            raise self._refusal(str(key["thread_id"]), token)
        return {
            "configurable": {
                "thread_id": key["thread_id"],
                "checkpoint_ns": key["checkpoint_ns"],
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Save a task's writes onto a checkpoint; see the base class."""
        run_id, attempt = token_of(config)
        written = TaskWrites.of(self.serde, config, writes, task_id, task_path)
        thread_id = written.place[0]
        token = self._token(thread_id, run_id, attempt)
        await self._prelude_of(run_id)

        def put(connection: sqlite3.Connection) -> None:
            self._check_fence(connection, thread_id, token)
            if written.replaces and run_id:
                connection.execute(_KEEP_REPLACED, (run_id, *written.place, run_id))
            connection.executemany(_REPLACE_WRITES if written.replaces else _PUT_WRITES, written.rows)

        if not self._keeps_back(run_id, thread_id, task_id, put):
            await self.conn.run_transaction(_all_of([*self._commands.pop(run_id or "", []), put]))

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all that is known of a thread."""
        deleting = [(_DELETE_THREAD.format(table=table), (str(thread_id),)) for table in _TABLES]
        await self._transaction(deleting, str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Undo the runs: delete their checkpoints and writes, and put back the writes they had replaced."""
        await self._transaction((sql, {"run": str(run_id)}) for run_id in run_ids for sql in _DELETE_FOR_RUN)

    async def fence(self, run_id: str, attempt: int) -> None:
        """From here on, no attempt of the run before `attempt` writes a checkpoint."""
        await self.conn.run(lambda connection: connection.execute(_FENCE, (run_id, attempt)))

    async def newest_of_run(self, run_id: str) -> str | None:
        """The id of a run's newest checkpoint in its root graph."""
        async with self.conn.execute(_NEWEST_OF_RUN, (run_id,)) as cursor:
            newest: str | None = (await cursor.fetchone())[0]
        return newest

    async def next_update(self, thread_id: str, place: Place) -> str | None:
        """The id of the thread's first checkpoint at the place or behind it that no run has written."""
        async with self.conn.execute(_NEXT_UPDATE, (thread_id, first_checkpoint_id(place))) as cursor:
            first: str | None = (await cursor.fetchone())[0]
        return first

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread's checkpoints and writes. The copies belong to no run: deleting one spares them."""
        await self._transaction((sql, (str(target_thread_id), str(source_thread_id))) for sql in _COPY_THREAD)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Thin threads out: `keep_latest` leaves the newest checkpoint of each namespace, `delete` nothing."""
        for thread_id in thread_ids:
            if strategy == "keep_latest":
                key = {"thread": str(thread_id)}
                await self._transaction([(_PRUNE.format(table=table), key) for table in _TABLES], str(thread_id))
            else:
                await self.adelete_thread(thread_id)

    async def weigh(self, thread_id: str) -> Weight:
        """See the base class."""
        weight, last = Weight(), ("", "")
        while rows := await self.conn.run(partial(_weighed, thread_id, last)):
            await asyncio.to_thread(_add_all, weight, rows)
            last = rows[-1][:2]
        weight.writes, weight.write_bytes = await self.conn.run(
            lambda connection: connection.execute(_WEIGHED_WRITES, {"thread": thread_id}).fetchone()
        )
        return weight

    async def _transaction(self, statements: Iterable[tuple[str, Any]], thread_id: str = "") -> None:
        """Execute statements, those that are about a thread as a whole on behalf of who holds it."""
        token = self._token(thread_id)

        def execute(connection: sqlite3.Connection) -> None:
            self._check_fence(connection, thread_id, token)
            for sql, parameters in statements:
                connection.execute(sql, parameters)

        await self.conn.run_transaction(execute)

    def _check_fence(self, connection: sqlite3.Connection, thread_id: str, token: Token) -> None:
        if connection.execute(_FENCED, token).fetchone():
            raise self._refusal(thread_id, token)


def _all_of(puts: Sequence[Put]) -> Callable[[sqlite3.Connection], None]:
    def put_all(connection: sqlite3.Connection) -> None:
        for put in puts:
            put(connection)

    return put_all


def _extend(connection: sqlite3.Connection) -> None:
    for table in ("checkpoints", "writes"):
        columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if "run_id" not in columns:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN run_id TEXT")
    connection.executescript(_EXTENSIONS)


def _weighed(thread_id: str, after: tuple[str, str], connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(_WEIGHED_ROWS, (thread_id, *after, _WEIGHED_AT_ONCE)).fetchall()


def _add_all(weight: Weight, rows: Iterable[Any]) -> None:
    for namespace, _, kind, checkpoint, metadata in rows:
        weight.add(namespace, kind, _raw(checkpoint), _raw(metadata))


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
