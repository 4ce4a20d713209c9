"""The database itself: tables and migrations, transactions, and who may open it."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from kit.leaks import nothing_leaks
from runline.errors import ConfigError, Unavailable
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.storage import migrating
from runline.storage.engine import Database, take_turn
from runline.storage.migrating import migrate
from runline.storage.rows import run_to_row
from runline.storage.sqlite import SqliteOptions, lock_data_dir, open_sqlite
from runline.storage.tables import metadata, runs, threads
from storage.world import IN_SQLITE, SUCCESS, World

THREAD_ID = new_id()
NOTE = text("INSERT INTO notes VALUES ('x')")


@pytest.mark.usefixtures("reshaped")
async def test_the_comparison_would_see_a_difference(database: Database) -> None:
    await execute(database, text("DROP INDEX ix_runs_ready"))
    await execute(database, text("ALTER TABLE threads ADD COLUMN extra TEXT"))
    assert len(await database.read(differences)) == 2


@pytest.mark.usefixtures("reshaped")
async def test_the_partial_indexes_of_the_database_have_the_conditions_of_the_metadata(database: Database) -> None:
    """Alembic compares their columns but not their WHERE."""
    made = await database.read(partial_indexes)
    for table in reversed(metadata.sorted_tables):
        await execute(database, text(f"DROP TABLE {table.name}"))
    await database.write(metadata.create_all)
    assert made == await database.read(partial_indexes)
    assert made


async def test_migrating_again_changes_nothing(database: Database, world: World) -> None:
    run = await world.start(THREAD_ID, create_thread=True)
    await database.write(migrate)
    assert await database.read(differences) == []
    assert await world.row(run)


def test_the_migrations_are_one_line_from_the_first_to_the_newest_which_sorts_last() -> None:
    script = ScriptDirectory(str(Path(migrating.__file__).parent / "migrations"))
    revisions = [revision.revision for revision in script.walk_revisions("base", "heads")]
    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert revisions == sorted(revisions, reverse=True)
    assert all(Path(revision.path).stem.startswith(f"{revision.revision}_") for revision in script.walk_revisions())


@pytest.mark.parametrize("made", ["now", "before"])
def test_a_database_that_need_not_be_migrated_is_opened_without_alembic(
    made: str, tmp_path: Path, template: Path
) -> None:
    if made == "before":
        shutil.copy(template, tmp_path / "test.db")
    code = (
        "import asyncio, pathlib, sys; from runline.storage.sqlite import SqliteOptions, open_sqlite\n"
        "async def main():\n"
        "    async with open_sqlite(SqliteOptions(pathlib.Path(sys.argv[1]))): print('alembic' in sys.modules)\n"
        "asyncio.run(main())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "test.db")], capture_output=True, check=True)
    assert done.stdout == b"False\n"


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))


def partial_indexes(connection: Connection) -> dict[str, str]:
    where = f"{connection.dialect.name}_where"
    conditions = {
        str(index["name"]): str(index.get("dialect_options", {}).get(where))
        for index in inspect(connection).get_indexes("runs")
    }
    return {name: where for name, where in conditions.items() if where != "None"}


@pytest.fixture
async def notes(database: Database, reshaped: None) -> Database:
    """A database with a table of the test's own."""
    await execute(database, text("CREATE TABLE notes (note TEXT)"))
    return database


def count_notes(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM notes")).scalar_one())


async def test_an_exception_rolls_the_whole_transaction_back(notes: Database) -> None:
    def fail_half_way(connection: Connection) -> None:
        connection.execute(NOTE)
        connection.execute(NOTE)
        raise KeyError

    with pytest.raises(KeyError):
        await notes.write(fail_half_way)
    assert await notes.read(count_notes) == 0


class SlowWrite:
    """A transaction that writes a note, then waits until it may commit."""

    def __init__(self, notes: Database) -> None:
        self._begun, self._may_end = threading.Event(), threading.Event()
        self.task = asyncio.create_task(notes.write(self._write))

    def _write(self, connection: Connection) -> int:
        connection.execute(NOTE)
        self._begun.set()
        assert self._may_end.wait(5)
        return count_notes(connection)

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, 5)

    def let_go(self) -> None:
        self._may_end.set()


async def test_a_reader_sees_what_is_committed_and_only_that(notes: Database) -> None:
    slow = SlowWrite(notes)
    await slow.begun()
    assert await notes.read(count_notes) == 0
    slow.let_go()
    assert await slow.task == 1
    assert await notes.read(count_notes) == 1


@IN_SQLITE
async def test_a_write_that_is_cancelled_before_its_turn_is_never_done(notes: Database) -> None:
    slow, waiting = SlowWrite(notes), SlowWrite(notes)
    await slow.begun()
    waiting.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting.task
    slow.let_go()
    assert await slow.task == 1
    await execute(notes, NOTE)
    assert await notes.read(count_notes) == 2


async def test_a_write_that_is_cancelled_after_it_began_is_done_when_its_caller_goes_on(notes: Database) -> None:
    slow = SlowWrite(notes)
    await slow.begun()
    slow.task.cancel()
    slow.let_go()
    with pytest.raises(asyncio.CancelledError):
        await slow.task
    assert await notes.read(count_notes) == 1


async def test_writes_wait_for_each_other(world: World) -> None:
    """Read, think, write: without a turn taken first, some of the increments would be lost."""
    thread = await world.thread(count=0)

    here = threads.c.thread_id == thread.thread_id

    def increment(connection: Connection) -> None:
        take_turn(connection, thread.thread_id)
        value = connection.execute(select(threads.c.metadata).where(here)).scalar_one()
        connection.execute(update(threads).where(here).values(metadata={"count": value["count"] + 1}))

    await asyncio.gather(*(world.database.write(increment) for _ in range(20)))
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
    await database.write(lambda connection: connection.execute(statement))


@asynccontextmanager
async def locked(file: Path) -> AsyncIterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_a_database_that_stays_locked_is_unavailable_and_then_serves_again(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db", busy_timeout_seconds=0.02)
    async with nothing_leaks(), open_sqlite(options) as database:
        world = World.over(database)
        async with locked(options.file):
            with pytest.raises(Unavailable, match=r"^The database cannot serve this now: database is locked\.$"):
                await world.thread()
        await world.thread()


async def test_reads_go_on_while_another_writes(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db", busy_timeout_seconds=0.02)
    async with nothing_leaks(), open_sqlite(options) as database:
        world = World.over(database)
        thread = await world.thread()
        async with locked(options.file):
            assert await world.get_thread(thread.thread_id) == thread


async def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    options = SqliteOptions(tmp_path / "test.db")
    async with nothing_leaks(), open_sqlite(options) as database:
        thread = await World.over(database).thread(topic="x")
    async with nothing_leaks(), open_sqlite(options) as database:
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
