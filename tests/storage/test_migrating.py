"""Migrations keep what was stored before them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from runline.model.assistant import AssistantChange
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
