"""Whatever is done in whatever order, queues and statuses stay true: a seeded random walk over the stores."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from runline.errors import ThreadBusy
from runline.kit.ids import new_id
from runline.model.lifecycle import ACTIVE, RunStatus, StopReason, ThreadStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from storage.world import FAILED, INTERRUPTED, SUCCESS, World, state

THREADS = 3
STEPS = 70
STRATEGIES = ["enqueue", "enqueue", "enqueue", "reject", "interrupt", "rollback"]
STOPS = [StopReason.INTERRUPT, StopReason.ROLLBACK, StopReason.DISCONNECT, StopReason.DELETE]


@pytest.mark.parametrize("seed", range(12))
async def test_any_sequence_of_calls_keeps_the_rules(world: World, seed: int) -> None:
    walk = Walk(world, random.Random(seed), [new_id() for _ in range(THREADS)])
    for _ in range(STEPS):
        await walk.step()
        await walk.check()
    await walk.run_dry()
    await walk.check()
    assert await world.leases.active_counts() == {RunStatus.PENDING: 0, RunStatus.RUNNING: 0}


class Walk:
    """Takes random steps, and remembers what must be true after them."""

    def __init__(self, world: World, chance: random.Random, thread_ids: list[str]) -> None:
        self.world = world
        self.chance = chance
        self.thread_ids = thread_ids
        self.held: dict[str, Run] = {}  # what workers believe to be theirs, rightly or not
        self.alive: set[str] = set()  # runs that must have a row
        self.ends: dict[str, str] = {}
        self.taken: set[str] = set()  # runs that may have been taken back
        self.attempts: dict[str, int] = defaultdict(int)
        self.log: list[str] = []

    async def step(self) -> None:
        names = (
            ["admit"] * 4 + ["claim"] * 3 + ["finish"] * 3 + ["discard", "stop", "stop", "requeue", "hold", "pass_time"]
        )
        name = self.chance.choice(names)
        self.log.append(name)
        await getattr(self, name)()

    async def admit(self) -> None:
        strategy = self.chance.choice(STRATEGIES)
        delay = self.chance.choice([0, 0, 0, 5])
        try:
            admitted = await self.world.admit(
                self.chance.choice(self.thread_ids),
                start=self.chance.random() < 0.5,
                create_thread=True,
                multitask_strategy=strategy,
                after_seconds=delay,
            )
        except ThreadBusy:
            assert strategy == "reject"
            return
        self.alive.add(admitted.run.run_id)
        if admitted.reason is StopReason.ROLLBACK:
            self.taken |= {run.run_id for run in admitted.evicted if not run.started}
        if admitted.run.status is RunStatus.RUNNING:
            self.believe([admitted.run])

    async def claim(self) -> None:
        self.believe(await self.world.claim(self.chance.randint(1, 3)))

    def believe(self, claimed: list[Run]) -> None:
        for run in claimed:
            assert run.attempt == self.attempts[run.run_id] + 1, "attempts grow by one and never repeat"
            self.attempts[run.run_id] = run.attempt
            self.held[f"{run.run_id} {run.attempt}"] = run

    def some_held(self) -> Run | None:
        """Often the newest attempt of a run, sometimes one that was lost or ended long ago."""
        return self.chance.choice(list(self.held.values())) if self.held else None

    async def finish(self) -> None:
        if (run := self.some_held()) is None:
            return
        outcome = self.chance.choice([SUCCESS, FAILED, INTERRUPTED])
        current: Any = await self.world.row(run)
        ending = await self.world.finish(run, outcome, successor=self.chance.random() < 0.5)
        rightful = current is not None and current.status == "running" and current.attempt == run.attempt
        stops = STOPS if outcome is not INTERRUPTED else [StopReason.ROLLBACK, StopReason.DELETE]
        stopped = rightful and current.stop_requested in stops
        assert ending.held == (rightful and not stopped)
        self.believe([ending.promoted] if ending.promoted else [])

    async def discard(self) -> None:
        if (run := self.some_held()) is None:
            return
        claimant = self.world.claimant() if self.chance.random() < 0.5 else None
        ending = await self.world.leases.discard(run, state(), claimant)
        if ending.held:
            self.taken.add(run.run_id)
        self.believe([ending.promoted] if ending.promoted else [])

    async def stop(self) -> None:
        if not self.alive:
            return
        reason = self.chance.choice(STOPS)
        run = await self.world.runs.get(ANONYMOUS, self.chance.choice(sorted(self.alive)))
        stopping = await self.world.stop(run, reason)
        assert bool(stopping) == (run.status in ACTIVE)
        if stopping and not run.started and reason in (StopReason.ROLLBACK, StopReason.DELETE):
            self.taken.add(run.run_id)

    async def requeue(self) -> None:
        if run := self.some_held():
            await self.world.leases.requeue(run, crashed=self.chance.random() < 0.5)

    async def hold(self) -> None:
        thread_id = self.chance.choice(self.thread_ids)
        row = (await self.rows())[0].get(thread_id)
        if row is None:
            return
        try:
            assert await self.world.hold(thread_id, 15)
        except ThreadBusy:
            assert row.status == ThreadStatus.BUSY
            return
        await self.admit()
        await self.check(held=thread_id)
        await self.world.release(thread_id, state())

    async def pass_time(self) -> None:
        self.world.clock.pass_(self.chance.choice([1, 5]))

    async def run_dry(self) -> None:
        """Let all that is left run to its end."""
        while True:
            self.world.clock.pass_(5)
            running = [run for run, _ in await self.world.leases.expired(everything=True)]
            claimed = await self.world.claim()
            self.believe(claimed)
            if not running + claimed:
                return
            for run in running + claimed:
                if (await self.world.finish(run, INTERRUPTED)).stop:
                    assert (await self.world.leases.discard(run, state(), None)).held
                    self.taken.add(run.run_id)

    async def rows(self) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        found, queued = await self.world.all_rows()
        by_thread: dict[str, list[Any]] = defaultdict(list)
        for row in sorted(queued, key=lambda row: row.created_at):
            by_thread[row.thread_id].append(row)
        return {row.thread_id: row for row in found}, by_thread

    async def check(self, held: str | None = None) -> None:
        """The rules."""
        by_id, queues = await self.rows()
        there = {row.run_id for queue in queues.values() for row in queue}
        assert self.alive - self.taken <= there <= self.alive, f"runs got lost: {self.log}"
        self.alive = there
        for thread_id, thread in by_id.items():
            self.check_queue(thread, queues[thread_id], held=thread_id == held)

    def check_queue(self, thread: Any, queue: list[Any], *, held: bool) -> None:
        active = [row for row in queue if row.status in ACTIVE]
        running = [row for row in active if row.status == "running"]
        assert len(running) <= 1, self.log
        expected = ThreadStatus.BUSY if active or held else thread.resting
        assert thread.status == expected, self.log
        ready = [row for row in queue if row.ready]
        assert ready == ([] if running or held else active[:1]), f"only the oldest may go, and only alone: {self.log}"
        for row in queue:
            assert (row.lease_owner is None) == (row.lease_until is None) == (row.status != "running")
            assert (row.ended_at is None) == (row.status in ACTIVE)
            if row.status not in ACTIVE:
                assert self.ends.setdefault(row.run_id, row.status) == row.status, "a terminal status never changes"
