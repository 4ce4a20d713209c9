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

from runline.graphs import sqlite_statements as sql
from runline.graphs.checkpoint_ids import first_checkpoint_id
from runline.graphs.checkpoints import RunlineSaver, Token, token_of
from runline.graphs.reach import within_reach
from runline.graphs.task_writes import TaskWrites
from runline.graphs.weights import Weight
from runline.kit.json import dumps
from runline.kit.sqlite import OneHopConnection, connect
from runline.model.place import Place

T = TypeVar("T")

Put = Callable[[sqlite3.Connection], object]
"""One write, to be made in a transaction."""

_WEIGHED_AT_ONCE = 100


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
            return connection.execute(sql.PUT_CHECKPOINT, row).rowcount

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
                connection.execute(sql.KEEP_REPLACED, (run_id, *written.place, run_id))
            connection.executemany(sql.REPLACE_WRITES if written.replaces else sql.PUT_WRITES, written.rows)

        if not self._keeps_back(run_id, thread_id, task_id, put):
            await self.conn.run_transaction(_all_of([*self._commands.pop(run_id or "", []), put]))

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all that is known of a thread."""
        deleting = [(sql.DELETE_THREAD.format(table=table), (str(thread_id),)) for table in sql.TABLES]
        await self._transaction(deleting, str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Undo the runs: delete their checkpoints and writes, and put back the writes they had replaced."""
        await self._transaction((undo, {"run": str(run_id)}) for run_id in run_ids for undo in sql.DELETE_FOR_RUN)

    async def fence(self, run_id: str, attempt: int) -> None:
        """From here on, no attempt of the run before `attempt` writes a checkpoint."""
        await self.conn.run(lambda connection: connection.execute(sql.FENCE, (run_id, attempt)))

    async def newest_of_run(self, run_id: str) -> str | None:
        """The id of a run's newest checkpoint in its root graph."""
        async with self.conn.execute(sql.NEWEST_OF_RUN, (run_id,)) as cursor:
            newest: str | None = (await cursor.fetchone())[0]
        return newest

    async def next_update(self, thread_id: str, place: Place) -> str | None:
        """The id of the thread's first checkpoint at the place or behind it that no run has written."""
        async with self.conn.execute(sql.NEXT_UPDATE, (thread_id, first_checkpoint_id(place))) as cursor:
            first: str | None = (await cursor.fetchone())[0]
        return first

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread's checkpoints and writes. The copies belong to no run: deleting one spares them."""
        await self._transaction((copy, (str(target_thread_id), str(source_thread_id))) for copy in sql.COPY_THREAD)

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Thin threads out: `keep_latest` leaves the newest checkpoint of each namespace, `delete` nothing."""
        for thread_id in thread_ids:
            if strategy == "keep_latest":
                key = {"thread": str(thread_id)}
                await self._transaction([(sql.PRUNE.format(table=table), key) for table in sql.TABLES], str(thread_id))
            else:
                await self.adelete_thread(thread_id)

    async def weigh(self, thread_id: str) -> Weight:
        """See the base class."""
        weight, last = Weight(), ("", "")
        while rows := await self.conn.run(partial(_weighed, thread_id, last)):
            await asyncio.to_thread(_add_all, weight, rows)
            last = rows[-1][:2]
        weight.writes, weight.write_bytes = await self.conn.run(
            lambda connection: connection.execute(sql.WEIGHED_WRITES, {"thread": thread_id}).fetchone()
        )
        return weight

    async def _transaction(self, statements: Iterable[tuple[str, Any]], thread_id: str = "") -> None:
        """Execute statements, those that are about a thread as a whole on behalf of who holds it."""
        token = self._token(thread_id)

        def execute(connection: sqlite3.Connection) -> None:
            self._check_fence(connection, thread_id, token)
            for statement, parameters in statements:
                connection.execute(statement, parameters)

        await self.conn.run_transaction(execute)

    def _check_fence(self, connection: sqlite3.Connection, thread_id: str, token: Token) -> None:
        if connection.execute(sql.FENCED, token).fetchone():
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
    connection.executescript(sql.EXTENSIONS)


def _weighed(thread_id: str, after: tuple[str, str], connection: sqlite3.Connection) -> list[Any]:
    return connection.execute(sql.WEIGHED_ROWS, (thread_id, *after, _WEIGHED_AT_ONCE)).fetchall()


def _add_all(weight: Weight, rows: Iterable[Any]) -> None:
    for namespace, _, kind, checkpoint, metadata in rows:
        weight.add(namespace, kind, _raw(checkpoint), _raw(metadata))


def _raw(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else value or b""
