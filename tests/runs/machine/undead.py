"""Rules: workers write under an attempt, some after they have lost it.

A worker here is one of another process than the reaper: it may go on, and save checkpoints and events.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from kit.exploring import NEWEST, recall
from runline.graphs.checkpoints import StaleAttempt
from runline.model.event import Event
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runline.storage.leases import Ending
from runline.storage.queue import Claimant
from runline.storage.segments import SegmentStore
from runs.machine.process import MAX_ATTEMPTS, Process, Site, open_process
from storage.machine.queue import LifeMachine


class UndeadMachine(LifeMachine):
    """Workers that save checkpoints and tell events, and some that should not any more."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.loop, site.database)
        self.site = site
        self.segments = SegmentStore(site.database)
        self.lost: dict[str, int] = {}  # by run, the newest attempt that was taken from its worker
        self.told: dict[str, list[bytes]] = {}  # by run, what its stored events must say
        self.stack = AsyncExitStack()
        self.process = self.start_process()

    def start_process(self) -> Process:
        return self.loop.do(self.stack.enter_async_context(open_process(self.site, self.world)))

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST, writes=st.booleans())
    def save(self, age: int, writes: bool) -> None:
        """A checkpoint, or writes onto one."""
        run = recall(self.grips, age)
        row = self.sight.runs.get(run.run_id)
        stale = run.attempt <= self.lost.get(run.run_id, 0)
        assert stale or row is None or row.attempt == run.attempt, "who follows another has taken the run from it"
        before = self.saved(run)
        if stale:
            with pytest.raises(StaleAttempt):
                self.loop.do(self._save(run, writes=writes))
        else:
            self.loop.do(self._save(run, writes=writes))
        assert (self.saved(run) == before) == stale

    async def _save(self, run: Run, *, writes: bool) -> None:
        place = {"thread_id": run.thread_id, "checkpoint_ns": "", "run_id": run.run_id}
        config: RunnableConfig = {"configurable": place, "metadata": {"run_attempt": run.attempt}}
        checkpoint = empty_checkpoint()
        if writes:
            config["configurable"]["checkpoint_id"] = checkpoint["id"]
            await self.process.saver.aput_writes(config, [("log", run.attempt)], checkpoint["id"])
        else:
            await self.process.saver.aput(config, checkpoint, {"source": "loop"}, {})

    def saved(self, run: Run) -> list[int]:
        """How many checkpoints and how many writes there are of the run."""
        return [self.site.kept.count(table, run_id=run.run_id) for table in ("checkpoints", "writes")]

    @precondition(lambda self: self.grips)
    @rule(age=NEWEST, count=st.integers(1, 3))
    def tell(self, age: int, count: int) -> None:
        """The next events of a resumable run."""
        run = recall(self.grips, age)
        row = self.sight.runs.get(run.run_id)
        if not run.spec.stream_resumable:
            return
        told = self.told.setdefault(run.run_id, [])
        events = [Event(len(told) + n, "custom", b"%d" % run.attempt) for n in range(1, count + 1)]
        stale = self.do(self.segments.append({(run.run_id, run.attempt): events}))
        if row is not None and row.attempt == run.attempt and row.status != RunStatus.PENDING:
            assert not stale
            told += [event.data for event in events]
        else:
            assert stale == {(run.run_id, run.attempt)}

    def stored(self, run_id: str) -> list[Event]:
        return self.loop.do(self.segments.read(run_id, 0))

    def check_more(self) -> None:
        assert all(row.crashes < MAX_ATTEMPTS for row in self.sight.active), "no run outlives more than it may"
        for run_id, told in self.told.items():
            expected = told if run_id in self.sight.runs else []
            assert [(event.seq, event.data) for event in self.stored(run_id)] == list(enumerate(expected, 1))

    async def undo(self, run: Run, successor: Claimant | None) -> Ending:
        await self.process.saver.fence(run.run_id, run.attempt + 1)
        self.note_lost(run)
        return await super().undo(run, successor)

    def give_back(self, run: Run, *, crashed: bool) -> None:
        self.loop.do(self.process.saver.fence(run.run_id, run.attempt + 1))
        self.note_lost(run)
        super().give_back(run, crashed=crashed)

    def note_lost(self, run: Any) -> None:
        self.lost[run.run_id] = max(run.attempt, self.lost.get(run.run_id, 0))
