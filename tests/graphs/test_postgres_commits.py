"""What several runs save at once is committed together, and fails apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from graphs.test_checkpoints import config
from kit.postgres import Server
from kit.savers import open_on_postgres, query
from kit.waiting import wait_until
from runline.errors import Unavailable
from runline.graphs.checkpoints import StaleAttempt
from runline.graphs.postgres_checkpoints import PostgresSaver
from runline.graphs.postgres_commits import CommonCommits, FencedPut
from runline.graphs.postgres_rows import Rows

RUNS = [f"run {number}" for number in range(20)]


@pytest.fixture
async def saver(postgres: Server) -> AsyncIterator[PostgresSaver]:
    with postgres.database() as conninfo:
        async with open_on_postgres(conninfo) as saver:
            yield saver


async def save(saver: PostgresSaver, run_id: str) -> RunnableConfig:
    of_run: RunnableConfig = {**config(run_id, run_id=run_id), "metadata": {"run_attempt": 1}}
    return await saver.aput(of_run, empty_checkpoint(), {}, {})


async def saved(saver: PostgresSaver) -> list[str]:
    return [str(run_id) for (run_id,) in await query(saver, "SELECT run_id FROM checkpoints ORDER BY 1")]


async def test_what_many_save_at_once_is_few_transactions(saver: PostgresSaver) -> None:
    await asyncio.gather(*(save(saver, run_id) for run_id in RUNS))
    assert await saved(saver) == sorted(RUNS)
    ((transactions,),) = await query(saver, "SELECT count(DISTINCT xmin::text) FROM checkpoints")
    assert 0 < transactions < len(RUNS) / 2


async def test_an_attempt_that_was_superseded_fails_alone(saver: PostgresSaver) -> None:
    await saver.fence(RUNS[7], 2)
    results = await asyncio.gather(*(save(saver, run_id) for run_id in RUNS), return_exceptions=True)
    assert [type(result) for result in results].count(StaleAttempt) == 1
    assert isinstance(results[7], StaleAttempt)
    assert await saved(saver) == sorted({*RUNS} - {RUNS[7]})


async def test_what_cannot_be_stored_fails_alone(saver: PostgresSaver) -> None:
    results = await asyncio.gather(*(save(saver, run_id) for run_id in [*RUNS, "a\0b"]), return_exceptions=True)
    assert [isinstance(result, Exception) for result in results] == [*(False for _ in RUNS), True]
    assert await saved(saver) == sorted(RUNS)


_WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def test_what_loses_its_connection_on_the_way_is_saved_by_another(saver: PostgresSaver) -> None:
    await save(saver, RUNS[0])
    with psycopg.connect(saver.conn._options.conninfo) as holder:
        holder.execute("LOCK TABLE checkpoints")
        saving = asyncio.create_task(save(saver, RUNS[1]))
        with psycopg.connect(saver.conn._options.conninfo, autocommit=True) as operator:
            await wait_until(lambda: operator.execute(_WAITING).fetchone())
            operator.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM ({_WAITING}) waiting")
    await saving
    assert await saved(saver) == RUNS[:2]


class Ledger:
    """Makes transactions when it is let to, and notes how many writes each had."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.sizes: list[int] = []
        self.patient: list[bool] = []
        self.error: Exception | None = None
        self.commits = CommonCommits(self.transact)

    async def transact(self, batch: Sequence[FencedPut], *, patient: bool) -> None:
        self.sizes.append(len(batch))
        self.patient.append(patient)
        await self.let_go.wait()
        if self.error:
            raise self.error

    async def write(self) -> None:
        await self.commits.write(Rows(), ("run", 1))


async def begun(ledger: Ledger, writes: int) -> list[asyncio.Task[None]]:
    """So many writes, begun one after the other."""
    tasks = []
    for _ in range(writes):
        tasks.append(asyncio.create_task(ledger.write()))
        for _ in range(3):
            await asyncio.sleep(0)
    return tasks


async def test_what_comes_while_transactions_are_under_way_is_one() -> None:
    ledger = Ledger()
    tasks = await begun(ledger, 12)
    assert ledger.sizes == [1, 1, 1, 1]
    ledger.let_go.set()
    await asyncio.gather(*tasks)
    assert ledger.sizes == [1, 1, 1, 1, 8]


async def test_a_caller_that_is_cancelled_takes_back_what_has_not_begun_and_hinders_nobody() -> None:
    ledger = Ledger()
    tasks = await begun(ledger, 8)
    for task in (tasks[0], tasks[5]):
        task.cancel()
    ledger.let_go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [place in (0, 5) for place in range(8)]
    assert ledger.sizes == [1, 1, 1, 1, 3]


async def test_while_the_database_is_away_each_waits_by_itself() -> None:
    ledger = Ledger()
    tasks = await begun(ledger, 7)
    ledger.error = Unavailable("away")
    ledger.let_go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {str(result) for result in results} == {"away"}
    assert sorted(ledger.sizes) == [*[1] * 11, 3]
    assert ledger.patient.count(True) == 7


async def test_one_that_waits_for_a_lock_keeps_nobody_else_waiting(saver: PostgresSaver) -> None:
    """As where another process was stopped while it fenced a run."""
    async with saver.conn.cursor("A lock", whole=False) as holder:
        await holder.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (RUNS[0],))
        locked = asyncio.create_task(save(saver, RUNS[0]))
        for run_id in RUNS[1:]:
            await save(saver, run_id)
        assert not locked.done()
        await holder.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (RUNS[0],))
    await locked
    assert await saved(saver) == sorted(RUNS)
