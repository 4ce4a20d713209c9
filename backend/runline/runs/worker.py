"""Claims pending runs and executes them: the table of live runs of this process, its leases and its bell."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

import structlog

from runline.errors import Unavailable
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.kit.tasks import TaskSet
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.runs.executor import Executor
from runline.runs.lease_watch import LeaseWatch
from runline.runs.live import LiveRun
from runline.storage.claims import ClaimStore
from runline.storage.queue import Claimant
from runline.streams.contracts import Bell

log = structlog.get_logger()

_RENEW_AGAIN_SECONDS = 0.25
"""How often leases are tried while the database is out of reach."""

_STOP_SECONDS = 2.0
"""How long a graph may take to unwind at shutdown; code that swallows its cancellation is not waited for."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How many runs at once (0: none), how often to look for more without a bell, and for how long a lease holds.

    `shared`: others may go on with a run whose lease has ended.
    """

    concurrency: int = 512
    poll_seconds: float = 1.0
    lease_seconds: float = 15.0
    shutdown_grace_seconds: float = 10.0
    shared: bool = False


class Worker:
    """Executes runs on behalf of this process until it is drained."""

    def __init__(
        self, executor: Executor, claims: ClaimStore, bell: Bell, clock: Clock, tasks: TaskSet, options: WorkerOptions
    ) -> None:
        self._executor = executor
        self._claims = claims
        self._leases = executor.conclusion.leases
        self._bell = bell
        self._clock = clock
        self._tasks = tasks
        self._options = options
        self._claimant = Claimant(new_id(), timedelta(seconds=options.lease_seconds), executor.registry.loaded)
        self._live: dict[str, LiveRun] = {}
        self._lease_watch = LeaseWatch(self._live, options.lease_seconds)
        self._draining = False
        self._reserved = 0
        self._seen_at = time.monotonic()
        # of runs between their claim and their launch, which follow each other closely
        self._early_stops: dict[str, StopReason] = {}

    @property
    def live(self) -> Mapping[str, LiveRun]:
        """The runs that execute here now."""
        return MappingProxyType(self._live)

    @property
    def claimant(self) -> Claimant:
        """Who claims them."""
        return self._claimant

    @property
    def seen_at(self) -> float:
        """When the event loop last set about renewing leases, by `time.monotonic()`."""
        return self._seen_at

    @property
    def draining(self) -> bool:
        """Whether the worker takes no more runs."""
        return self._draining

    @contextmanager
    def slot(self) -> Iterator[Claimant | None]:
        """Keep a slot free for a run that may be claimed and launched meanwhile; None if there is none."""
        with self._reserved_slots(1) as free:
            yield self._claimant if free else None

    @contextmanager
    def _reserved_slots(self, most: int) -> Iterator[int]:
        """Keep up to `most` free slots from being given away while a claim is under way; yields how many."""
        free = 0 if self._draining else max(self._options.concurrency - len(self._live) - self._reserved, 0)
        count = min(most, free)
        self._reserved += count
        try:
            yield count
        finally:
            self._reserved -= count

    def start_loops(self) -> None:
        """Begin to claim, unless there are no slots for it, and to renew."""
        if self._options.concurrency:
            self._tasks.supervise("claim", self._claim_step)
        self._tasks.supervise("renew leases", self._renew_step)

    def launch(self, run: Run) -> None:
        """Execute a run that was claimed for this worker."""
        earlier = self._live.get(run.run_id)
        if earlier:
            # this process was held up for longer than a lease, and the run was given back meanwhile
            earlier.stop(StopReason.LEASE_LOST)
        stop_reason = self._early_stops.pop(run.run_id, run.stop_requested)
        live = self._live[run.run_id] = LiveRun(run, self._leased_until(run), stop_reason=stop_reason)
        if self._options.shared:
            self._lease_watch.begin(live)
        self._tasks.spawn(f"run {run.run_id}", self._execute(live, earlier))

    def _leased_until(self, run: Run) -> float:
        """When the lease of a run ends that was claimed as its row says, and perhaps renewed before it was heard of."""
        # the row's time may lie ahead of the clock, as those of a thread only grow; no lease does
        held = min(run.updated_at - self._clock.now(), timedelta(0)) + self._claimant.lease
        since = time.monotonic() + held.total_seconds()
        claim = self._claimant.claims.pop(run.run_id, None)
        return max(since, claim.renewed_until) if claim and claim.attempt == run.attempt else since

    def stop(self, run_id: str, reason: StopReason) -> None:
        """Tell a run to stop that is live here, or claimed and about to be launched."""
        if live := self._live.get(run_id):
            live.stop(reason)
        else:
            self._early_stops[run_id] = reason

    async def ended(self, run_id: str) -> None:
        """Wait until a run is no longer live here."""
        if live := self._live.get(run_id):
            await live.done.wait()

    async def drain(self) -> None:
        """Take no more runs, let the live ones finish within the grace period, give the rest back to the queue."""
        self._draining = True
        await _all_done(self._live.values(), self._options.shutdown_grace_seconds)
        for live in list(self._live.values()):
            live.stop(StopReason.SHUTDOWN)
        await _all_done(self._live.values(), _STOP_SECONDS)
        await self._leave_behind()
        # for other processes
        self._bell.ring()

    async def _leave_behind(self) -> None:
        """Give back what is live still, unless the database keeps that waiting, too."""
        left = [live.run for live in self._live.values()]
        for run in left:
            log.warning("a run does not come to its end in time and is left behind", run_id=run.run_id)
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await asyncio.gather(*(self._executor.conclusion.leave_behind(run) for run in left))

    async def _execute(self, live: LiveRun, earlier: LiveRun | None) -> None:
        """To its end. An `earlier` attempt of the run comes to its own end first: there is never more than one."""
        try:
            if earlier:
                await earlier.done.wait()
            await self._make_sure(live)
            with self._executor.tracer.execution(live):
                await self._executor.execute(live, self._successor, self._make_sure)
        finally:
            if live.given_back or len(self._live) >= self._options.concurrency:
                self._bell.ring()
            if self._live.get(live.run.run_id) is live:
                del self._live[live.run.run_id]
            live.done.set()
            if live.promoted:
                self._let_go(live.promoted)

    async def _make_sure(self, live: LiveRun) -> None:
        """Begin nothing that others may have gone on with, since this process stood still or was cut off meanwhile."""
        if live.leased_until <= time.monotonic():
            await self._renew([live])
            # where a stop takes effect
            await asyncio.sleep(0)

    def _let_go(self, run: Run) -> None:
        """Execute a thread's next run, or see to it that it is not forgotten: it may be due at any moment."""
        if run.status is RunStatus.RUNNING:
            self.launch(run)
        else:
            self._bell.ring()

    def _successor(self) -> Claimant | None:
        """For the thread's next run, which takes over the slot that this one leaves."""
        return None if self._draining else self._claimant

    async def _claim_step(self) -> None:
        await self._bell.wait(await self._pause())
        more = await self._is_due()
        while more:
            with self._reserved_slots(self._options.concurrency) as free:
                claimed = await self._claims.claim(self._claimant, free) if free else []
                for run in claimed:
                    self.launch(run)
                more = 0 < free == len(claimed)

    async def _is_due(self) -> bool:
        """Whether a run waits, before slots are reserved that a newcomer could start in at once."""
        due = await self._claims.next_due(self._claimant.graphs)
        return due is not None and due <= self._clock.now()

    async def _pause(self) -> float:
        """How long to sleep without a bell: to the next poll, or less if a delayed run is due before it."""
        full = len(self._live) >= self._options.concurrency
        due = None if full or self._draining else await self._claims.next_due(self._claimant.graphs)
        if due is None:
            return self._options.poll_seconds
        wait = (due - self._clock.now()).total_seconds()
        return min(max(wait, 0.0), self._options.poll_seconds)

    async def _renew_step(self) -> None:
        await asyncio.sleep(self._options.lease_seconds / 3)
        self._seen_at = time.monotonic()
        self._early_stops.clear()
        self._claimant.forget_old()
        if self._live:
            await self._renew(self._live.values())

    async def _renew(self, lives: Collection[LiveRun]) -> None:
        """Renew leases as soon as the database can be reached: whoever reaps must not come first. Do as it says."""
        while True:
            asked_at, asked = time.monotonic(), list(lives)
            attempts = [(live.run.run_id, live.run.attempt) for live in asked]
            try:
                held = await self._leases.renew(self._claimant, attempts)
                break
            except Unavailable as exc:
                log.warning("leases cannot be renewed yet", reason=str(exc), retry_in_seconds=_RENEW_AGAIN_SECONDS)
            await asyncio.sleep(_RENEW_AGAIN_SECONDS)
        for live in asked:
            if not live.done.is_set():
                _heed(live, held, asked_at + self._options.lease_seconds)


def _heed(live: LiveRun, held: Mapping[str, StopReason | None], until: float) -> None:
    """Do what the renewal of its lease, which holds `until` then if it was, has shown."""
    if live.run.run_id not in held:
        live.stop(StopReason.LEASE_LOST)
        return
    live.renewed(until)
    if reason := held[live.run.run_id]:
        live.stop(reason)


async def _all_done(lives: Iterable[LiveRun], timeout: float | None) -> None:
    waits = [asyncio.create_task(live.done.wait()) for live in lives]
    if waits:
        _, late = await asyncio.wait(waits, timeout=timeout)
        for wait in late:
            wait.cancel()
