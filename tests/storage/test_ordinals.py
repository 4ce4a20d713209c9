"""The how-many-th of its thread a run was to start: what numbers its events over all runs of the thread."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from runline.model.lifecycle import StopReason
from runline.storage.sqlite import SqliteOptions, open_sqlite
from storage.test_migrating import migrate_to
from storage.test_sqlite_plans import plan
from storage.world import FAILED, IN_SQLITE, World


async def test_runs_are_numbered_as_they_start_whatever_way_they_are_claimed(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    at_once = await world.start(thread_id)
    waits, after_it = [await world.add(thread_id) for _ in range(2)]
    assert (at_once.ordinal, waits.ordinal) == (1, None)
    promoted = (await world.finish(at_once, successor=True)).promoted
    assert promoted
    assert (promoted.run_id, promoted.ordinal) == (waits.run_id, 2)
    await world.finish(promoted)
    (claimed,) = await world.claim()
    assert (claimed.run_id, claimed.ordinal) == (after_it.run_id, 3)
    assert (await world.start((await world.thread()).thread_id)).ordinal == 1


async def test_a_run_keeps_its_number_over_attempts(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    run = await world.start(thread_id)
    await world.add(thread_id)
    await world.leases.requeue(run, crashed=True)
    (again,) = await world.claim()
    assert (again.run_id, again.attempt, again.ordinal) == (run.run_id, 2, 1)


async def test_a_run_that_never_started_has_no_number(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    run = await world.start(thread_id)
    never = await world.add(thread_id)
    await world.stop(never, StopReason.INTERRUPT)
    await world.finish(run)
    assert (await world.start(thread_id)).ordinal == 2
    assert (await world.row(never)).ordinal is None


async def test_the_number_of_a_removed_run_is_not_given_again(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    for number in (1, 2):
        run = await world.start(thread_id)
        assert run.ordinal == number
        await world.leases.discard(run, None, None)
    third, fourth = await world.start(thread_id), await world.add(thread_id)
    await world.finish(third, FAILED)
    (fourth,) = await world.claim()
    await world.finish(fourth)
    await world.leases.discard(third, None, None)
    assert fourth.ordinal == 4
    await world.leases.discard(fourth, None, None)
    assert (await world.start(thread_id)).ordinal == 5


@IN_SQLITE
async def test_finding_the_next_number_looks_at_no_other_run(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    await world.finish(await world.start(thread_id))
    run = await world.add(thread_id)
    steps = await plan(world, world.claim())
    assert any("uq_runs_thread_id_ordinal" in step for step in steps), steps
    assert not [step for step in steps if step.startswith("SCAN")], steps
    assert (await world.row(run)).ordinal == 2


async def test_runs_from_before_there_were_numbers_have_theirs(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    migrate_to(file, "0006")
    with closing(sqlite3.connect(file)) as connection, connection:
        for run, (thread, attempt) in enumerate([("a", 1), ("a", 0), ("a", 2), ("b", 1)]):
            row = {"run_id": str(run), "thread_id": thread, "attempt": attempt, "created_at": str(run)}
            texts = (
                "owner",
                "assistant_id",
                "graph_id",
                "status",
                "updated_at",
                "due_at",
                "metadata",
                "before",
                "spec",
            )
            row |= dict.fromkeys(texts, "") | dict.fromkeys(("ready", "resumable", "crashes"), "0")
            connection.execute(
                f"INSERT INTO runs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", [*row.values()]
            )
    async with open_sqlite(SqliteOptions(file)):
        pass
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT run_id, ordinal FROM runs ORDER BY run_id").fetchall()
    assert found == [("0", 1), ("1", None), ("2", 2), ("3", 1)]
