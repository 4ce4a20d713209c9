"""What is PostgreSQL's own: transactions side by side, turns, the server's clock, and its absence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, text

from gateway import wait_until
from kit.emptied import Emptied
from kit.leaks import nothing_leaks
from kit.postgres import OwnServer, Server, serving_own, until_gone
from kit.proxy import standing_before
from runline.errors import Invalid, Unavailable
from runline.kit.ids import new_id
from runline.kit.postgres import dial
from runline.model.idempotency import IdempotencyKey
from runline.model.viewer import ANONYMOUS
from runline.storage.engine import Database, take_turn, tell
from runline.storage.postgres import PostgresOptions, open_postgres, postgres_revision
from storage.world import ASSISTANT, World


@pytest.fixture
def options(shared: Emptied) -> Iterator[PostgresOptions]:
    with shared.lent() as conninfo:
        yield PostgresOptions(conninfo)


def have_turn(connection: Connection, name: str) -> None:
    """Not only ask for it: it is there when what is asked for next is answered."""
    take_turn(connection, name)
    connection.execute(text("SELECT 1"))


@pytest.fixture
async def other(options: PostgresOptions) -> AsyncIterator[World]:
    """The stores of another process on the same database."""
    async with open_postgres(options) as database:
        yield World.over(database)


async def test_a_thread_that_two_make_at_once_is_made_once(world: World, other: World) -> None:
    for _ in range(10):
        thread_id = new_id()
        both = [each.threads.create(ANONYMOUS, thread_id, {}, exist_ok=True) for each in (world, other)]
        one, same = await asyncio.gather(*both)
        assert one == same


async def test_a_key_that_two_send_at_once_makes_one_run(world: World, other: World) -> None:
    """Each would make a thread of its own: nothing but the key itself says that they are the same."""
    for number in range(10):
        key = IdempotencyKey(str(number), "fingerprint")
        runs = [each.run(new_id(), create_thread=True) for each in (world, other)]
        both = [each.runs.admit(run, ASSISTANT, None, key) for each, run in zip((world, other), runs, strict=True)]
        one, same = await asyncio.gather(*both)
        assert one.run.run_id == same.run.run_id
        assert (one.is_new, same.is_new).count(True) == 1


async def test_workers_that_claim_at_once_share_what_is_ready(world: World, other: World) -> None:
    added = {(await world.add(new_id(), create_thread=True)).run_id for _ in range(20)}
    claims = await asyncio.gather(*(each.claim(limit) for each in (world, other) for limit in (5, 5, 5)))
    claimed = [run.run_id for claim in claims for run in claim]
    rest = await world.claim(20)
    assert sorted([*claimed, *(run.run_id for run in rest)]) == sorted(added)


async def test_runs_that_many_create_on_one_thread_start_one_after_the_other(world: World, other: World) -> None:
    thread = await world.thread()
    await asyncio.gather(*(each.add(thread.thread_id, start=True) for each in (world, other) for _ in range(10)))
    statuses = await world.statuses(thread.thread_id)
    assert (statuses.count("running"), statuses.count("pending")) == (1, 19)


async def test_what_fails_on_a_deadlock_is_done_again(world: World, other: World) -> None:
    """Each has its first turn and waits for the other's; the server ends one, which begins anew."""
    both_begun, names = threading.Barrier(2), ("one", "two")
    tries: list[str] = []

    def take_both(connection: Connection, first: str, second: str) -> None:
        have_turn(connection, first)
        tries.append(first)
        if len(tries) <= 2:
            both_begun.wait(30)
        have_turn(connection, second)

    await asyncio.gather(
        world.database.write(lambda connection: take_both(connection, *names)),
        other.database.write(lambda connection: take_both(connection, *reversed(names))),
    )
    assert len(tries) == 3


async def test_a_turn_that_does_not_come_is_unavailable(options: PostgresOptions, world: World) -> None:
    thread = await world.thread()
    impatient = PostgresOptions(options.conninfo, busy_timeout_seconds=1)
    with psycopg.connect(options.conninfo) as holder:
        holder.execute("SELECT 1 FROM threads FOR UPDATE")
        async with open_postgres(impatient) as database:
            with pytest.raises(Unavailable, match=r"^The database cannot serve this now: .*lock timeout\.$"):
                await World.over(database).threads.patch(ANONYMOUS, thread.thread_id, {"a": 1})
    await world.threads.patch(ANONYMOUS, thread.thread_id, {"a": 1})


async def test_a_nul_in_a_text_is_invalid_and_in_json_is_kept_and_found(world: World) -> None:
    thread = await world.thread(topic="a\0b")
    assert (await world.get_thread(thread.thread_id)).metadata == {"topic": "a\0b"}
    with pytest.raises(Invalid, match=r"^The database cannot store or find this: a text has the character NUL\.$"):
        await world.database.read(lambda connection: connection.execute(text("SELECT :it"), {"it": "a\0"}))


async def test_the_clock_is_the_servers(database: Database) -> None:
    def told(connection: Connection) -> datetime:
        moment: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment

    async def agrees() -> bool:
        before, now, after = await database.read(told), database.clock.now(), await database.read(told)
        slack = timedelta(milliseconds=100)
        return before - slack <= now <= after + slack

    # what it was told on a slow way is put right by the next word
    await wait_until(agrees)


async def test_two_that_start_at_once_migrate_once(postgres: Server) -> None:
    async def start(conninfo: str) -> None:
        async with open_postgres(PostgresOptions(conninfo)) as database:
            await World.over(database).thread()

    with postgres.database() as conninfo:
        await asyncio.gather(*(start(conninfo) for _ in range(3)))


async def test_a_connection_that_was_cut_costs_nothing(options: PostgresOptions, world: World) -> None:
    """As after a restart of the server: what was idle is lost, and another is made."""
    thread = await world.thread()
    with psycopg.connect(options.conninfo, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
        )
    assert await world.get_thread(thread.thread_id) == thread
    await world.thread()


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with serving_own() as server:
        yield server


async def test_a_server_that_is_away_is_unavailable_and_then_serves_again(
    own_server: OwnServer,
) -> None:
    async with nothing_leaks(), open_postgres(PostgresOptions(own_server.uri)) as database:
        world = World.over(database)
        thread = await world.thread()
        await asyncio.to_thread(own_server.stop)
        for call in (world.thread(), world.get_thread(thread.thread_id)):
            with pytest.raises(Unavailable, match=r"^The database cannot serve this now: .*\.$") as caught:
                await call
            assert "/" not in str(caught.value)
        await asyncio.to_thread(own_server.start)
        assert await world.get_thread(thread.thread_id) == thread
        await world.thread()


async def test_a_connection_that_gives_no_answer_is_cut(own_server: OwnServer) -> None:
    async with nothing_leaks(), standing_before(own_server.socket) as proxy:
        there = make_conninfo(own_server.uri, host="127.0.0.1", port=proxy.port, connect_timeout=2, sslmode="disable")
        impatient = PostgresOptions(there, stuck_seconds=1.5)
        async with open_postgres(impatient) as database:
            world = World.over(database)
            thread = await world.thread()
            proxy.pause()
            for call in (world.thread(), world.get_thread(thread.thread_id)):
                with pytest.raises(Unavailable):
                    await asyncio.wait_for(call, 30)
            proxy.resume()
            assert await world.get_thread(thread.thread_id) == thread
            await world.thread()


def test_looking_at_the_revision_makes_no_tables(options: PostgresOptions, postgres: Server) -> None:
    assert postgres_revision(options)
    with postgres.database() as conninfo:
        assert postgres_revision(PostgresOptions(conninfo)) is None


async def test_nobody_fails_because_another_stands_still_in_the_midst_of_a_transaction(
    options: PostgresOptions, world: World
) -> None:
    """Its connection is cut before those who wait for what it holds lose their patience."""
    thread = await world.thread()
    hasty = replace(options, busy_timeout_seconds=3)
    with dial(hasty.conninfo, hasty.busy_timeout_seconds) as still:
        still.execute("BEGIN")
        still.execute("SELECT 1 FROM threads FOR UPDATE")
        async with open_postgres(hasty) as database:
            await World.over(database).threads.patch(ANONYMOUS, thread.thread_id, {"a": 1})
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            still.execute("COMMIT")


@pytest.mark.parametrize("is_asked", [True, False], ids=["before a question", "before the commit"])
async def test_a_large_value_that_is_told_arrives_whole(options: PostgresOptions, *, is_asked: bool) -> None:
    """The system takes it in several parts."""
    large, size = "x" * 2**23, text("SELECT sum(length(value)) FROM large")

    def write(connection: Connection) -> int | None:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS large (value text)")
        assert connection.execute(size).scalar_one() is None
        tell(connection, text("INSERT INTO large VALUES (:value)"), {"value": large})
        return connection.execute(size).scalar_one() if is_asked else None

    async with open_postgres(replace(options, stuck_seconds=20)) as database:
        assert await database.write(write) == (len(large) if is_asked else None)
        assert await database.read(lambda connection: connection.execute(size).scalar_one()) == len(large)


async def test_what_stood_still_in_the_midst_of_a_transaction_is_done_again(options: PostgresOptions) -> None:
    """It is the server that gives it up: a process that is stopped cannot."""
    tries: list[int] = []

    def stand_still_once(connection: Connection) -> int:
        pid: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        if not tries:
            until_gone(options.conninfo, pid)
        tries.append(pid)
        connection.exec_driver_sql("SELECT 1")
        return pid

    async with open_postgres(replace(options, busy_timeout_seconds=2, stuck_seconds=600)) as database:
        assert await database.write(stand_still_once) == tries[1]
