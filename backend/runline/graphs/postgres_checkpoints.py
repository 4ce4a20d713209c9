"""langgraph's PostgreSQL saver, extended by what the gateway needs: `checkpoints.py` says what that is.

Divergence 90: the character NUL is taken out of the metadata of checkpoints, for which jsonb has no place.

A transaction is sent in one go (a pipeline), its fence first. All of them may be done again, and are when the
connection was lost: those of a run for as long as an outage may take, so that the run goes on behind it.
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.types import _DeltaSnapshot
from psycopg import AsyncCursor, errors
from psycopg.rows import DictRow

from runline.graphs import postgres_statements as sql
from runline.graphs.checkpoint_ids import first_checkpoint_id
from runline.graphs.checkpoints import RunlineSaver, Token, token_of
from runline.graphs.postgres_commits import CommonCommits, FencedPut
from runline.graphs.postgres_pool import Pool, patiently
from runline.graphs.postgres_rows import Rows, merged
from runline.graphs.postgres_tables import make_tables
from runline.graphs.task_writes import TaskWrites
from runline.graphs.weights import Weight
from runline.kit.json import dumps
from runline.model.place import Place

_PATIENCE_SECONDS = 60.0
"""How long a run waits for the database to come back."""

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


@asynccontextmanager
async def open_postgres_saver(pool: Pool) -> AsyncIterator[PostgresSaver]:
    """The saver on these connections, its tables made by one process at a time."""
    saver = PostgresSaver(pool)
    await saver.setup()
    yield saver


class PostgresSaver(RunlineSaver, AsyncPostgresSaver):
    """Checkpoints in the database that the processes share."""

    conn: Pool  # type: ignore[assignment]  # the base class asks it for nothing: `_cursor` does

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._commits = CommonCommits(self._make_all)

    async def setup(self) -> None:
        """Create the tables of the base class and ours."""
        async with self.conn.alone():
            await super().setup()
            async with self._cursor() as cursor:
                await make_tables(cursor, "checkpoints", sql.EXTENSIONS)
                for statement in (*sql.FUNCTIONS, sql.FORGET_FENCES):
                    await cursor.execute(statement)

    @asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[AsyncCursor[DictRow]]:
        """A cursor of a connection that nobody else uses; `pipeline`: in a transaction that is sent in one go."""
        async with self.conn.cursor("The checkpoints", whole=pipeline) as cursor:
            yield cursor

    async def _transact(self, wanted: Sequence[tuple[str, Any]]) -> None:
        """Execute statements, each with its values, in one transaction."""

        async def attempt() -> None:
            async with self._cursor(pipeline=True) as cursor:
                for statement, values in wanted:
                    await cursor.execute(statement, values)

        await patiently(attempt)

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Read a checkpoint; see the base class."""
        run_id, _ = token_of(config)
        read = super().aget_tuple
        return await patiently(lambda: read(config), _PATIENCE_SECONDS if run_id else 0)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Save a checkpoint; see the base class."""
        key = config["configurable"]
        place = (str(key["thread_id"]), str(key["checkpoint_ns"]))
        run_id, attempt = token_of(config)
        token = self._token(place[0], run_id, attempt)
        await self._prelude_of(run_id)
        inline, apart = _divided(checkpoint["channel_values"])
        blobs = self._dump_blobs(*place, apart, {name: v for name, v in new_versions.items() if name in apart})
        known = get_serializable_checkpoint_metadata(config, metadata)
        row = (
            *place,
            checkpoint["id"],
            key.get("checkpoint_id"),
            _json({**checkpoint, "channel_values": inline}),
            _json(known),
            run_id or known.get("run_id"),
        )
        kept_back: list[Rows] = self._kept_back(run_id, place[0])
        await self._fenced(merged([*kept_back, Rows.of_checkpoint(row, blobs)]), place[0], token, run_id)
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
        rows = Rows.of_writes(written)
        if not self._keeps_back(run_id, thread_id, task_id, rows):
            kept_back: list[Rows] = self._commands.pop(run_id or "", [])
            await self._fenced(merged([*kept_back, rows]), thread_id, token, run_id)

    async def _fenced(self, rows: Rows, thread_id: str, token: Token, run_id: str | None = None) -> None:
        with self._refusing(thread_id, token):
            if run_id is None:
                await self._save([token], rows)
            else:
                await self._commits.write(rows, token)

    @contextmanager
    def _refusing(self, thread_id: str, token: Token) -> Iterator[None]:
        try:
            yield
        except errors.Error as exc:
            if exc.sqlstate != sql.STALE:
                raise
            raise self._refusal(thread_id, token) from exc

    async def _make_all(self, batch: Sequence[FencedPut], *, patient: bool) -> None:
        tokens = dict.fromkeys(asked.token for asked in batch)
        await self._save(tokens, merged(asked.rows for asked in batch), _PATIENCE_SECONDS if patient else 0)

    async def _save(self, tokens: Iterable[Token], rows: Rows, patience: float = 0) -> None:
        """By one statement, which is a transaction."""
        values = rows.values(tokens)

        async def attempt() -> None:
            async with self._cursor() as cursor:
                await cursor.execute(sql.SAVE, values)

        await patiently(attempt, patience)

    async def _save_all(self, puts: Sequence[Rows], thread_id: str, token: Token) -> None:
        await self._fenced(merged(puts), thread_id, token)

    async def adelete_thread(self, thread_id: str) -> None:
        """Delete all that is known of a thread."""
        await self._execute([(sql.DELETE_THREAD, {"thread": str(thread_id)})], str(thread_id))

    async def adelete_for_runs(self, run_ids: Sequence[str]) -> None:
        """Undo the runs; see the base class."""
        await self._execute((sql.DELETE_FOR_RUN, {"run": str(run_id)}) for run_id in run_ids)

    async def acopy_thread(self, source_thread_id: str, target_thread_id: str) -> None:
        """Copy a thread's checkpoints and writes."""
        copy = {"thread": str(source_thread_id), "target": str(target_thread_id)}
        await self._execute([([sql.COPY_THREAD], copy)])

    async def aprune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        """Thin threads out: `keep_latest` leaves the newest checkpoint of each namespace, `delete` nothing."""
        statements = sql.KEEP_LATEST if strategy == "keep_latest" else sql.DELETE_THREAD
        for thread_id in thread_ids:
            await self._execute([(statements, {"thread": str(thread_id)})], str(thread_id))

    async def _execute(self, batches: Iterable[tuple[Iterable[str], Mapping[str, Any]]], thread_id: str = "") -> None:
        """Execute statements, each batch with its values, in one transaction.

        Those that are about a thread as a whole are executed on behalf of who holds it.
        """
        token = self._token(thread_id)
        wanted: list[tuple[str, Any]] = [] if None in token else [(sql.CHECK_FENCE, token)]
        wanted += [(statement, values) for statements, values in batches for statement in statements]
        with self._refusing(thread_id, token):
            await self._transact(wanted)

    async def fence(self, run_id: str, attempt: int) -> None:
        """See the base class."""

        await self._transact([(sql.LOCK_FENCE, (run_id,)), (sql.FENCE, (run_id, attempt))])

    async def newest_of_run(self, run_id: str) -> str | None:
        """See the base class."""
        (row,) = await self._rows(sql.NEWEST_OF_RUN, (run_id,))
        newest: str | None = row["id"]
        return newest

    async def next_update(self, thread_id: str, place: Place) -> str | None:
        """See the base class."""
        (row,) = await self._rows(sql.NEXT_UPDATE, (thread_id, first_checkpoint_id(place)))
        first: str | None = row["id"]
        return first

    async def weigh(self, thread_id: str) -> Weight:
        """See the base class; the database itself does the weighing."""
        key = {"thread": thread_id}
        (checkpoints,), (writes,) = [await self._rows(w, key) for w in (sql.WEIGH_CHECKPOINTS, sql.WEIGH_WRITES)]
        weight = Weight(checkpoints["count"], int(checkpoints["bytes"]))
        weight.writes, weight.write_bytes = writes["count"], int(writes["bytes"])
        for row in await self._rows(sql.WEIGH_VERSIONS, key):
            weight.channel(row["channel"]).versions.add((row["namespace"], row["version"]))
        for row in await self._rows(sql.WEIGH_BLOBS, key):
            weight.channel(row["channel"]).bytes += int(row["bytes"])
        for row in await self._rows(sql.WEIGH_INLINE, key):
            weight.channel(row["channel"]).bytes += int(row["bytes"])
            weight.checkpoint_bytes -= int(row["bytes"])
        return weight

    async def _rows(self, statement: str, values: Any) -> list[DictRow]:
        async def read() -> list[DictRow]:
            async with self._cursor() as cursor:
                return await (await cursor.execute(statement, values)).fetchall()

        return await patiently(read)


def _divided(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The values that the checkpoint's JSON can hold, and the others."""
    inline = {name: value for name, value in values.items() if _fits_json(value)}
    apart = {name: value for name, value in values.items() if name not in inline}
    # as the base class marks them: it tells such a value from a plain one by what stands here
    return inline | {name: True for name, value in apart.items() if isinstance(value, _DeltaSnapshot)}, apart


def _fits_json(value: Any) -> bool:
    if isinstance(value, str):
        return type(value) is str and value.isprintable()
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int)


def _json(value: Any) -> bytes:
    """The value without the character NUL, for which jsonb has no place."""
    return _NUL.sub(rb"\1", dumps(value))
