"""Slots: the right to change what is of a thread, held by a state update or a removal as a running run has it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from runline.errors import ThreadBusy, Unavailable
from runline.graphs.checkpoints import RunlineSaver
from runline.model.thread import ThreadState
from runline.model.viewer import Viewer
from runline.storage.threads import Hold, LateHold, ThreadStore
from runline.streams.contracts import Bell, ThreadBells

log = structlog.get_logger()

_HOLD_TRIES = 250
_HOLD_PAUSE_SECONDS = 0.02
_AGAIN_SECONDS = 0.25
"""How often holds are renewed while the database is out of reach."""


@dataclass(slots=True)
class Slot:
    """The hold of a thread, and the state it came to meanwhile."""

    hold: Hold
    state: ThreadState | None = None


class ThreadSlots:
    """The slots that this process holds, for `hold_seconds` at a time unless they are renewed."""

    def __init__(
        self, saver: RunlineSaver, threads: ThreadStore, bell: Bell, thread_bells: ThreadBells, *, hold_seconds: float
    ) -> None:
        self._saver = saver
        self._threads = threads
        self._bell = bell
        self._thread_bells = thread_bells
        self.hold_seconds = hold_seconds
        self._holds: dict[str, Hold] = {}

    @property
    def holds(self) -> Container[str]:
        """The threads whose slots are held in this process now, however long that takes."""
        return self._holds.keys()

    async def renew_step(self) -> None:
        """Hold on to what is held here, or others would take it for abandoned; for a supervised loop."""
        await asyncio.sleep(self.hold_seconds / 3)
        for hold in list(self._holds.values()):
            await self._prolong(hold)

    async def _prolong(self, hold: Hold) -> None:
        """As soon as the database can be reached: whoever reaps must not come first."""
        while self._holds.get(hold.thread_id) is hold:
            try:
                await self._threads.prolong(hold, self.hold_seconds)
            except Unavailable as exc:
                log.warning("a slot cannot be held on to yet", reason=str(exc), retry_in_seconds=_AGAIN_SECONDS)
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    @asynccontextmanager
    async def slot(self, viewer: Viewer, thread_id: str, *, beside_runs: bool = False) -> AsyncIterator[Slot]:
        """Hold the thread's slot, as a run would; what is left in `Slot.state` is recorded as it is given back.

        Waits for another holder. `beside_runs`: also while a run is active; no other starts then.
        Raises ThreadNotFound, ThreadBusy (a run is active).
        """
        async with self.keep(await self._hold(viewer, thread_id, beside_runs=beside_runs)) as slot:
            yield slot

    @asynccontextmanager
    async def keep(self, hold: Hold) -> AsyncIterator[Slot]:
        """The slot that was taken by this hold, as `slot` does.

        What is written of the thread outside its runs meanwhile is refused, with SlotLost, once others have taken it.
        """
        slot = Slot(hold)
        self._holds[hold.thread_id] = hold
        try:
            with self._saver.held(hold.thread_id, hold.hold_id):
                yield slot
        finally:
            del self._holds[hold.thread_id]
            await asyncio.shield(self._threads.release(hold, slot.state))
            self._bell.ring()
            self._thread_bells.ring(hold.thread_id)

    @asynccontextmanager
    async def take_over(self, late: LateHold) -> AsyncIterator[Hold | None]:
        """The slot of a holder that died, and saves nothing from here on; None if others have it, or it lives."""
        taken = await self._threads.take_over(late, self.hold_seconds)
        if taken is None:
            yield None
            return
        await self._saver.fence_hold(late.hold.hold_id)
        async with self.keep(taken):
            yield taken

    async def _hold(self, viewer: Viewer, thread_id: str, *, beside_runs: bool) -> Hold:
        for _ in range(_HOLD_TRIES):
            # who has lost it to another process, and does not know yet, has to leave first
            free = thread_id not in self._holds
            hold = self._threads.hold(viewer, thread_id, self.hold_seconds, beside_runs=beside_runs) if free else None
            if hold and (held := await hold):
                return held
            await asyncio.sleep(_HOLD_PAUSE_SECONDS)
        raise ThreadBusy
