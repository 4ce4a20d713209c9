"""Migrations keep what was stored before them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from runline.kit.ids import new_id
from runline.model.assistant import AssistantChange
from runline.model.run import RunSpec
from runline.model.viewer import ANONYMOUS
from runline.storage import migrating
from runline.storage.sqlite import SqliteOptions, open_sqlite
from storage.world import World

ASSISTANT = "6ba7b821-9dad-11d1-80b4-00c04fd430c8"


def migrate_to(file: Path, revision: str) -> None:
    """Make a database as it was at a revision."""
    made = create_engine(f"sqlite:///{file}")
    with made.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrating.__file__).parent / "migrations"))
        command.upgrade(config, revision)
    made.dispose()


async def test_assistants_from_before_there_were_versions_have_their_first(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    migrate_to(file, "0001")
    moment = "2026-01-01T00:00:00.000000+00:00"
    row = (ASSISTANT.replace("-", ""), "", "echo", "Old", 1, moment, moment, "{}", '{"n":1}', '{"m":1}')
    columns = "assistant_id, owner, graph_id, name, version, created_at, updated_at, config, context, metadata"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"INSERT INTO assistants ({columns}) VALUES ({', '.join('?' * len(row))})", row)

    async with open_sqlite(SqliteOptions(file)) as database:
        world = World.over(database)
        assert (await world.assistants.patch(ANONYMOUS, ASSISTANT, AssistantChange(name="New"))).version == 2
        assert (await world.versions.set_latest(ANONYMOUS, ASSISTANT, 1)).name == "Old"
        (version,) = await world.versions.list(ANONYMOUS, ASSISTANT, {"m": 1}, limit=1, offset=1)
        assert (version.version, version.context, version.created_at.year) == (1, {"n": 1}, 2026)
        assert await database.read(lambda opened: opened.execute(text("PRAGMA foreign_key_check")).all()) == []


async def test_a_thread_that_waited_for_a_delayed_run_waits_no_longer(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    migrate_to(file, "0006")
    thread, delayed, waiting = (new_id() for _ in range(3))
    with closing(sqlite3.connect(file)) as connection, connection:
        _insert_old(connection, "threads", thread_id=thread, status="busy", resting="idle", hidden=0, config={})
        for run_id, second, due, ready in ((delayed, 0, 59, 1), (waiting, 2, 1, 0)):
            moments = {"created_at": _second(second), "due_at": _second(due), "ready": ready}
            old = {
                "run_id": run_id,
                "thread_id": thread,
                "assistant_id": ASSISTANT,
                "graph_id": "echo",
                "status": "pending",
            }
            counts = {"resumable": 0, "attempt": 0, "crashes": 0, "before": {"graph_id": None, "config": {}}}
            spec = asdict(RunSpec(ASSISTANT))
            _insert_old(connection, "runs", **old, **counts, spec=spec, **moments)

    async with open_sqlite(SqliteOptions(file)) as database:
        world = World.over(database)
        world.clock.pass_(3)
        for expected in (waiting, delayed):
            (run,) = await world.claim()
            assert run.run_id == expected
            await world.finish(run)
            world.clock.pass_(60)


def _second(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}.000000+00:00"


def _insert_old(connection: sqlite3.Connection, table: str, **columns: Any) -> None:
    row = {"owner": "", "created_at": _second(0), "updated_at": _second(0), "metadata": {}, **columns}
    if table == "threads":
        row["state_updated_at"] = _second(0)
    values = [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
    ids = [
        value.replace("-", "") if name.endswith("_id") and value else value
        for name, value in zip(row, values, strict=True)
    ]
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", ids)
