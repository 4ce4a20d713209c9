"""Renews leases while the event loop stands still: a node that blocks it keeps its worker from that, which lives on.

As long as the loop renews, the keeper looks at a few numbers now and then. When a renewal is late, it asks the loop
whether it goes on, and leaves everything to one that does. What others have taken over it does not renew, which the
statement sees to, and it stops nothing: the loop does that when it is back.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from runline.errors import Unavailable
from runline.runs.meters import Meters
from runline.runs.standstill import standing
from runline.runs.worker import Worker
from runline.storage.leases import LeaseStore

if TYPE_CHECKING:
    from runline.storage.postgres_spare import PostgresSpare

log = structlog.get_logger()

_LOOK = 1 / 3
"""In leases, as are those below: how often it looks, and how often it renews while the loop stands still."""

_LATE = 7 / 12
"""So much is left of a lease at most when its renewal is late, which is due when two thirds are."""

_BUSY = 1 / 12
"""For so long a loop that is busy may take to answer."""

_AGAIN = 1 / 12
"""How soon it tries again while the database is out of reach."""

_PATIENCE = 1 / 6
"""For so long it waits for the database, twice before a lease ends."""

_SLICES = 5
"""A process that was stopped and goes on finds one slice of its waiting over; in the others the loop answers."""

_END_SECONDS = 1.0
"""For so long the thread's end is waited for. Only the search for the address of a host's name may take longer."""


class Keeper:
    """A thread beside that of the event loop, on behalf of its worker."""

    def __init__(
        self, worker: Worker, leases: LeaseStore, make_spare: Callable[[float], PostgresSpare], meters: Meters
    ) -> None:
        self._worker = worker
        self._claimant = worker.claimant
        self._lease_seconds = self._claimant.lease.total_seconds()
        self._leases = leases
        self._spare = make_spare(self._lease_seconds * _PATIENCE)
        self._meters = meters
        self._stopped = threading.Event()
        self._answered = threading.Event()
        self._answered_at = time.monotonic()

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Meanwhile the thread looks after the loop that calls this. Behind it the thread has ended."""
        arguments = (asyncio.get_running_loop(), threading.get_ident())
        thread = threading.Thread(target=self._keep, args=arguments, name="keeper", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            self._answered.set()
            self._spare.give_up()
            thread.join(_END_SECONDS)

    def _keep(self, loop: asyncio.AbstractEventLoop, loop_thread: int) -> None:
        while not self._stopped.wait(self._pause()):
            try:
                if self._left() <= 0 and not self._answers(loop):
                    self._stand_in(loop_thread)
            except Exception:
                # it looks again; nobody else would hear of it
                log.exception("leases cannot be kept")

    def _pause(self) -> float:
        """Until the next look: when a renewal would be late, or soon after one that is late though the loop goes on."""
        left = self._left()
        return min(left, _LOOK * self._lease_seconds) if left > 0 else _AGAIN * self._lease_seconds

    def _left(self) -> float:
        """Seconds until the first renewal is late."""
        ends = [live.leased_until for live in list(self._worker.live.values())]
        claims = self._claimant.claims.copy().values()
        ends += [max(claim.made_at + self._lease_seconds, claim.renewed_until) for claim in claims]
        return min(ends, default=math.inf) - _LATE * self._lease_seconds - time.monotonic()

    def _answers(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether the loop goes on; one that shuts down does."""
        self._answered.clear()
        if self._stopped.is_set():
            return True
        loop.call_soon_threadsafe(self._answer)
        return any(self._answered.wait(_BUSY * self._lease_seconds / _SLICES) for _ in range(_SLICES))

    def _answer(self) -> None:
        self._answered_at = time.monotonic()
        self._answered.set()

    def _stand_in(self, loop_thread: int) -> None:
        """Renew until the loop is back, and say once where it stands."""
        seen_at, place = max(self._worker.seen_at, self._answered_at), standing(loop_thread)
        try:
            pause = self._renew()
            self._meters.stood_still()
            log.warning(
                "the event loop stands still, leases are renewed beside it",
                seconds=round(time.monotonic() - seen_at, 1),
                where=place.where,
                frames=place.frames,
            )
            while not self._answered.wait(pause):
                pause = self._renew()
        finally:
            self._spare.close()
        log.info("the event loop goes on", seconds=round(time.monotonic() - seen_at, 1))

    def _renew(self) -> float:
        """Try once; returns when to do so again, in seconds."""
        lives, claims = list(self._worker.live.values()), self._claimant.claims.copy()
        attempts = [(live.run.run_id, live.run.attempt) for live in lives]
        attempts += [(run_id, claim.attempt) for run_id, claim in claims.items()]
        until = time.monotonic() + self._lease_seconds
        try:
            held = self._leases.renew_beside(self._spare, self._claimant, attempts) if attempts else {}
        except Unavailable:
            return _AGAIN * self._lease_seconds
        # a run that was claimed anew is lost to what is live of it
        mine = held.keys() - claims.keys()
        for live in (live for live in lives if live.run.run_id in mine):
            live.renewed(until)
        for run_id in claims.keys() & held:
            claims[run_id].renewed_until = until
        return _LOOK * self._lease_seconds
