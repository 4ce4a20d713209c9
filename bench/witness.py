"""`python -m bench.witness [--short]`: what it costs a run that it is witnessed for the log and the ledger.

The echo graph in this process, with a witness among its callbacks and without, in turns; what a run's entries cost to
be written is measured on a database of its own. Figures are CPU time, of which the least of all rounds counts, with the
garbage collector at rest. A gateway's run costs more than the bare graph that shares are of.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain_core.runnables import RunnableConfig
from sqlalchemy import Connection

from bench.alone import Alone, alone, fresh_config
from bench.asked import told
from runline.kit.clock import SystemClock
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunOutcome, RunSpec
from runline.model.thread import Thread
from runline.model.viewer import ANONYMOUS
from runline.runs.ledger import Ledger
from runline.runs.meters import Meters
from runline.runs.prices import PriceList
from runline.runs.run_logs import RunLog, RunLogs
from runline.runs.watch import Watch
from runline.storage.engine import Database
from runline.storage.run_log import RunLogStore, write_end
from runline.storage.sqlite import SqliteOptions, open_sqlite
from runline.storage.threads import ThreadStore
from runline.streams.thread_bells import MemoryThreadBells

_ROUNDS, _SHORT_RUNS, _TOKENS = 10, 50, 4000
_TRACE_BYTES = 10_240


async def _stream(local: Alone, words: int, config: RunnableConfig) -> None:
    async for _ in local.graphs["echo"].astream(told(" ".join(["word"] * words)), config, stream_mode="messages"):
        pass


async def _cpu(work: Callable[[], Awaitable[Any]]) -> float:
    gc.collect()
    gc.disable()
    begun = time.process_time()
    await work()
    spent = time.process_time() - begun
    gc.enable()
    return spent


class _Bench:
    def __init__(self, local: Alone, database: Database, thread: Thread, rounds: int) -> None:
        self._local = local
        self._database = database
        self._thread = thread
        self._rounds = rounds
        logs = RunLogs(RunLogStore(database), MemoryThreadBells())
        self._watch = Watch(logs, Ledger(PriceList({}), Meters(SystemClock())), SystemClock(), _TRACE_BYTES)

    def _run(self, words: int) -> Run:
        now = SystemClock().now()
        spec = RunSpec(new_id(), input=told(" ".join(["word"] * words)))
        return Run(new_id(), self._thread.thread_id, "echo", "", RunStatus.RUNNING, spec, {}, now, now, now, 1)

    async def _witnessed(self, words: int) -> tuple[Run, RunLog]:
        run = self._run(words)
        log, witness = await self._watch.begin(run)
        await _stream(self._local, words, {**fresh_config(), "callbacks": [witness]})
        return run, log

    async def share(self, words: int, runs: int) -> tuple[float, float]:
        """The CPU seconds of a run without a witness, and what one adds."""

        async def with_one() -> None:
            for _ in range(runs):
                await self._witnessed(words)

        async def without() -> None:
            for _ in range(runs):
                await _stream(self._local, words, fresh_config())

        turns = [(await _cpu(without), await _cpu(with_one)) for _ in range(self._rounds)]
        bare = min(turn[0] for turn in turns)
        return bare / runs, (min(turn[1] for turn in turns) - bare) / runs

    async def written(self, runs: int) -> float:
        """The CPU seconds it takes to write what a short run has come to, beside what its end writes anyway."""
        return min([await self._written_once(runs) for _ in range(self._rounds)]) / runs

    async def _written_once(self, runs: int) -> float:
        ended = [await self._witnessed(1) for _ in range(runs)]
        entries = [(run, log.take()) for run, log in ended]

        def write(connection: Connection) -> None:
            for run, several in entries:
                write_end(connection, run, RunOutcome(RunStatus.SUCCESS), run.created_at, several)

        return await _cpu(lambda: self._database.write(write))


async def _measure(*, short: bool) -> None:
    rounds, runs, tokens = (1, 2, 20) if short else (_ROUNDS, _SHORT_RUNS, _TOKENS)
    with TemporaryDirectory(prefix="runline-bench-") as folder:
        async with alone() as local, open_sqlite(SqliteOptions(Path(folder) / "bench.db")) as database:
            thread = await ThreadStore(database, SystemClock()).create(ANONYMOUS, None, {}, exist_ok=False)
            bench = _Bench(local, database, thread, rounds)
            bare, added = await bench.share(tokens, 1)
            print(f"a stream of {tokens} tokens: {bare * 1000:.1f} ms, a witness adds {added / bare:.1%}")
            bare, added = await bench.share(1, runs)
            print(f"a short streamed run: {bare * 1000:.2f} ms, a witness adds {added * 1000:.3f} ms")
            print(f"its entries, written with its end: {await bench.written(runs) * 1000:.3f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.witness", description=__doc__)
    parser.add_argument("--short", action="store_true", help="tiny counts: whether it works, not how much it costs")
    asyncio.run(_measure(short=parser.parse_args().short))
