"""Rows: saved together, they come to the same as if each call had been saved by itself, in its order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from graphs.test_checkpoints import config
from kit.postgres import Server
from kit.savers import open_on_postgres, query
from runline.graphs.postgres_checkpoints import PostgresSaver
from runline.graphs.postgres_columns import Blobs, Texts
from runline.graphs.postgres_rows import Rows, merged

ROOT = empty_checkpoint()
TOGETHER, APART = "together", "apart"

Call = tuple[str, str, Sequence[tuple[str, Any]]]
"""The run, the task, and what it writes; or a checkpoint's source in place of the task, with the values of channels."""

CALLS: dict[str, list[Call]] = {
    "what comes first stays": [("a", "t", [("one", 1), ("two", 2)]), ("a", "t", [("one", 3)])],
    "an interrupt replaces another": [("a", "t", [("__interrupt__", 1)]), ("a", "t", [("__interrupt__", 2)])],
    "a write leaves an interrupt alone": [("a", "t", [("__interrupt__", 1)]), ("a", "t", [("one", 2)])],
    "mixed with others it replaces nothing": [
        ("a", "t", [("__interrupt__", 1)]),
        ("a", "t", [("__interrupt__", 2), ("one", 3)]),
    ],
    "what stood there from another run is kept": [("b", "t", [("__interrupt__", 2)]), ("b", "u", [("one", 1)])],
    "a checkpoint replaces another, and not its values": [
        ("a", "checkpoint", [("list", [1]), ("plain", "x")]),
        ("a", "checkpoint", [("list", [2]), ("plain", "y")]),
    ],
    "texts beyond ASCII": [("a", "ü" * 300, [("ключ", "значение"), ("empty", b"")])],
}


@pytest.fixture
async def saver(postgres: Server) -> AsyncIterator[PostgresSaver]:
    with postgres.database() as conninfo:
        async with open_on_postgres(conninfo) as saver:
            yield saver


async def save(saver: PostgresSaver, thread_id: str, calls: Sequence[Call]) -> None:
    for run_id, task, values in calls:
        of_run: RunnableConfig = config(thread_id, run_id=run_id, checkpoint_id=ROOT["id"])
        if task == "checkpoint":
            versions: Any = {name: "1" for name, _ in values}
            checkpoint = {**ROOT, "channel_values": dict(values), "channel_versions": versions}
            await saver.aput(of_run, checkpoint, {"run_id": run_id}, versions)  # type: ignore[arg-type]
        else:
            await saver.aput_writes(of_run, values, task)


async def rows(saver: PostgresSaver, thread_id: str) -> list[list[tuple[Any, ...]]]:
    """All that is stored of a thread, but for its name."""
    tables = {"checkpoints": 1, "checkpoint_blobs": 1, "checkpoint_writes": 1, "replaced_writes": 2}
    found = [await query(saver, f"SELECT * FROM {table} WHERE thread_id = '{thread_id}'") for table in tables]
    return [sorted(tuple(it for it in row if it != thread_id) for row in each) for each in found]


@pytest.mark.parametrize("calls", CALLS.values(), ids=CALLS)
async def test_saved_together_calls_come_to_the_same(
    saver: PostgresSaver, calls: list[Call], monkeypatch: pytest.MonkeyPatch
) -> None:
    for thread_id in (TOGETHER, APART):
        await save(saver, thread_id, [("earlier", "t", [("__interrupt__", 0)])])
    await save(saver, APART, calls)

    asked: list[Rows] = []

    async def note(rows: Rows, *_who: object) -> None:
        asked.append(rows)

    with monkeypatch.context() as patched:
        patched.setattr(saver, "_fenced", note)
        await save(saver, TOGETHER, calls)
    assert len(asked) == len(calls)
    await saver._save([], merged(asked))

    apart = await rows(saver, APART)
    assert any(apart)
    assert await rows(saver, TOGETHER) == apart


@pytest.mark.parametrize("values", [(), (None,), ("", "a", None, "ü" * 5000), (b'{"a": 1}', '{,"}\\')])
async def test_a_column_of_texts_arrives_as_it_was_sent(saver: PostgresSaver, values: tuple[Any, ...]) -> None:
    async with saver.conn.cursor("The checkpoints") as cursor:
        row = await (await cursor.execute("SELECT %s AS texts", [Texts(values)])).fetchone()
    assert row == {"texts": [value.decode() if isinstance(value, bytes) else value for value in values]}


@pytest.mark.parametrize("values", [(), (None, b""), (b"\x00\xff" * 5000, None, b"{}")])
async def test_a_column_of_bytes_arrives_as_it_was_sent(saver: PostgresSaver, values: tuple[bytes | None, ...]) -> None:
    async with saver.conn.cursor("The checkpoints") as cursor:
        row = await (await cursor.execute("SELECT %s AS blobs", [Blobs(values)])).fetchone()
    assert row == {"blobs": list(values)}
