"""What is told to PostgreSQL without waiting is done in its order, wholly or not at all, and its failures are heard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, TextClause, event, text
from sqlalchemy.exc import DBAPIError

from kit.emptied import Emptied
from runline.model.entries import Entries
from runline.model.usage import Tokens
from runline.model.viewer import ANONYMOUS
from runline.storage.engine import UNANSWERED, tell
from runline.storage.postgres import PostgresDatabase, PostgresOptions
from storage.world import SUCCESS, World, state

SET = text("SELECT set_config('runline.mark', :mark, true)")
GET = text("SELECT current_setting('runline.mark', true)")


def raising(sqlstate: str) -> TextClause:
    return text(f"DO $$ BEGIN RAISE EXCEPTION 'told' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.fixture
def options(shared: Emptied) -> Iterator[PostgresOptions]:
    with shared.lent() as conninfo:
        yield PostgresOptions(conninfo)


async def test_the_next_statement_finds_what_was_told_before_it(world: World) -> None:
    def work(connection: Connection) -> tuple[str, str]:
        tell(connection, SET, {"mark": "one"})
        first = connection.execute(GET).scalar_one()
        tell(connection, SET, [{"mark": "two"}, {"mark": "three"}])
        return first, connection.execute(GET).scalar_one()

    assert await world.database.write(work) == ("one", "three")


async def test_a_run_on_a_thread_at_rest_is_admitted_and_ended_by_one_question_and_a_commit_each(world: World) -> None:
    thread_id = (await world.thread()).thread_id
    await world.finish(await world.start(thread_id))
    asked: list[str] = []

    def note(
        _connection: object, _cursor: object, statement: str, _values: object, context: Any, _many: object
    ) -> None:
        if not context.execution_options.get(UNANSWERED):
            asked.append(statement.partition(" ")[0])

    assert isinstance(world.database, PostgresDatabase)
    event.listen(world.database._writer, "before_cursor_execute", note)
    run = await world.start(thread_id)
    assert asked == ["SELECT", "COMMIT"]
    asked.clear()
    entries = Entries(spent=Tokens())
    assert (await world.leases.finish(run, SUCCESS, state(), world.claimant(), entries)).held
    assert asked == ["SELECT", "COMMIT"]


async def test_what_is_told_last_is_committed(world: World) -> None:
    thread = await world.thread()
    rename = text("UPDATE threads SET config = :config")
    await world.database.write(lambda connection: tell(connection, rename, {"config": '{"told": true}'}))
    assert (await world.get_thread(thread.thread_id)).config == {"told": True}


@pytest.mark.parametrize("is_last", [True, False])
async def test_what_a_told_statement_fails_of_is_raised_and_undoes_the_rest(world: World, *, is_last: bool) -> None:
    thread = await world.thread()

    def work(connection: Connection) -> None:
        tell(connection, text("UPDATE threads SET config = :config"), {"config": '{"told": true}'})
        tell(connection, raising("23514"), {})
        for number in range(20):
            tell(connection, SET, {"mark": str(number)})
        if not is_last:
            connection.execute(GET)

    with pytest.raises(DBAPIError, match="told") as caught:
        await world.database.write(work)
    assert getattr(caught.value.orig, "sqlstate", None) == "23514"
    assert (await world.get_thread(thread.thread_id)).config == {}


@pytest.mark.parametrize("is_last", [True, False])
async def test_what_fails_because_of_another_is_done_again_also_at_its_commit(world: World, *, is_last: bool) -> None:
    tries = []

    def work(connection: Connection) -> None:
        tries.append(connection)
        if len(tries) == 1:
            tell(connection, raising("40P01"), {})
        if not is_last:
            connection.execute(GET)

    await world.database.write(work)
    assert len(tries) == 2


async def test_what_was_told_by_a_transaction_that_was_given_up_is_forgotten(world: World) -> None:
    def give_up(connection: Connection) -> None:
        connection.execute(GET)
        tell(connection, text("DELETE FROM threads"), {})
        raise ValueError("given up")

    thread = await world.thread()
    with pytest.raises(ValueError, match="given up"):
        await world.database.write(give_up)
    await world.threads.patch(ANONYMOUS, thread.thread_id, {"a": 1})
    assert (await world.get_thread(thread.thread_id)).metadata == {"a": 1}
