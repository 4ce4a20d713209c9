"""The database itself: tables and migrations, transactions, and who may open it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from kit.leaks import nothing_leaks
from runline.errors import ConfigError, Unavailable
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.storage import engine
from runline.storage.engine import Database, SqliteOptions, lock_data_dir, migrate, open_database
from runline.storage.rows import run_to_row
from runline.storage.tables import metadata, runs, threads
from storage.world import SUCCESS, World

THREAD_ID = new_id()
NOTE = text("INSERT INTO notes VALUES ('x')")


async def test_the_migrated_tables_are_those_of_the_metadata(tmp_path: Path) -> None:
    async with open_database(SqliteOptions(tmp_path / "new.db")) as database, database.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_comparison_would_see_a_difference(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(text("DROP INDEX ix_runs_ready"))
        await connection.execute(text("ALTER TABLE threads ADD COLUMN extra TEXT"))
        assert len(await connection.run_sync(differences)) == 2


async def test_the_partial_indexes_of_the_database_have_the_conditions_of_the_metadata(database: Database) -> None:
    """Alembic compares their columns but not their WHERE."""
    async with database.write() as connection:
        made = await connection.run_sync(partial_indexes)
        for table in reversed(metadata.sorted_tables):
            await connection.execute(text(f"DROP TABLE {table.name}"))
        await connection.run_sync(metadata.create_all)
        assert made == await connection.run_sync(partial_indexes)
    assert made


async def test_migrating_again_changes_nothing(database: Database, world: World) -> None:
    run = await world.start(THREAD_ID, create_thread=True)
    async with database.write() as connection:
        await connection.run_sync(migrate)
        assert await connection.run_sync(differences) == []
    assert await world.row(run)


def test_the_migrations_are_one_line_from_the_first_to_the_newest() -> None:
    script = ScriptDirectory(str(Path(engine.__file__).parent / "migrations"))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def partial_indexes(connection: Connection) -> dict[str, str]:
    conditions = {
        str(index["name"]): str(index.get("dialect_options", {}).get("sqlite_where"))
        for index in inspect(connection).get_indexes("runs")
    }
    return {name: where for name, where in conditions.items() if where != "None"}


@pytest.fixture
async def notes(database: Database) -> Database:
    """A database with a table of the test's own."""
    await execute(database, text("CREATE TABLE notes (note TEXT)"))
    return database


async def count_notes(connection: AsyncConnection) -> int:
    return int((await connection.execute(text("SELECT count(*) FROM notes"))).scalar_one())


async def test_an_exception_rolls_the_whole_transaction_back(notes: Database) -> None:
    async def fail_half_way() -> None:
        async with notes.write() as connection:
            await connection.execute(NOTE)
            await connection.execute(NOTE)
            raise KeyError

    with pytest.raises(KeyError):
        await fail_half_way()
    async with notes.read() as connection:
        assert await count_notes(connection) == 0


async def test_a_reader_sees_what_is_committed_and_only_that(notes: Database) -> None:
    async with notes.read() as reader:
        async with notes.write() as writer:
            await writer.execute(NOTE)
            assert await count_notes(reader) == 0
            assert await count_notes(writer) == 1
        assert await count_notes(reader) == 1


async def test_writes_wait_for_each_other(world: World) -> None:
    """Read, think, write: without a lock taken first, some of the increments would be lost."""
    thread = await world.thread(count=0)

    async def increment() -> None:
        async with world.database.write() as connection:
            here = threads.c.thread_id == thread.thread_id
            value = (await connection.execute(select(threads.c.metadata).where(here))).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(update(threads).where(here).values(metadata={"count": value["count"] + 1}))

    await asyncio.gather(*(increment() for _ in range(20)))
    assert (await world.get_thread(thread.thread_id)).metadata == {"count": 20}


@pytest.mark.parametrize("turns", range(0, 300, 15))
async def test_a_cancelled_write_is_done_wholly_or_not_at_all_and_hurts_no_other(world: World, turns: int) -> None:
    first = await world.start(THREAD_ID, create_thread=True)
    await world.add(first.thread_id)
    finishing = asyncio.create_task(world.leases.finish(first, SUCCESS, None, world.claimant()))
    for _ in range(turns):
        await asyncio.sleep(0)
    finishing.cancel()
    await asyncio.gather(finishing, return_exceptions=True)
    statuses = await world.statuses(first.thread_id)
    assert statuses in (["running", "pending"], ["success", "running"])
    await world.thread()


async def test_a_second_running_run_on_a_thread_is_refused_by_the_database_itself(world: World) -> None:
    running = await world.start(THREAD_ID, create_thread=True)
    waiting = await world.add(running.thread_id)
    run_too = update(runs).where(runs.c.run_id == waiting.run_id).values(status=RunStatus.RUNNING)
    with pytest.raises(IntegrityError):
        await execute(world.database, run_too)
    assert await world.statuses(running.thread_id) == ["running", "pending"]


async def test_a_run_without_a_thread_is_refused_by_the_database_itself(world: World) -> None:
    row = run_to_row(world.run(THREAD_ID)) | {"ready": 1, "crashes": 0, "before": {}}
    with pytest.raises(IntegrityError):
        await execute(world.database, insert(runs).values(row))


async def execute(database: Database, statement: Executable) -> None:
    async with database.write() as connection:
        await connection.execute(statement)


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_database_that_stays_locked_is_unavailable_and_then_serves_again(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db", busy_timeout_seconds=0.02)
    async with nothing_leaks(), open_database(options) as database:
        world = World.over(database)
        async with locked(options.file):
            with pytest.raises(Unavailable, match=r"^The database cannot serve this now: database is locked\.$"):
                await world.thread()
        await world.thread()


async def test_reads_go_on_while_another_writes(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db", busy_timeout_seconds=0.02)
    async with nothing_leaks(), open_database(options) as database:
        world = World.over(database)
        thread = await world.thread()
        async with locked(options.file):
            assert await world.get_thread(thread.thread_id) == thread


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db")
    async with nothing_leaks(), open_database(options) as database:
        thread = await World.over(database).thread(topic="x")
    async with nothing_leaks(), open_database(options) as database:
        assert await World.over(database).get_thread(thread.thread_id) == thread


def test_a_data_folder_has_one_holder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    with lock_data_dir(folder):
        with pytest.raises(ConfigError, match="is in use by another gateway: stop it, or pass another --data-dir"):
            lock_data_dir(folder).__enter__()
        with lock_data_dir(tmp_path / "another"):
            pass
    with lock_data_dir(folder):
        pass


def test_a_data_folder_that_cannot_be_made_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="file/folder cannot be used: Not a directory"):
        lock_data_dir(tmp_path / "file" / "folder").__enter__()
