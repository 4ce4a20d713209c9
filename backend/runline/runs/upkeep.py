"""Upkeep of threads: pruning them, on demand and when their time is over, and weighing them.

Divergence 46: threads end as declared. A busy thread is left alone: pruning takes the thread's slot, and gives it
back when a run came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import structlog

from runline.errors import SlotLost, ThreadBusy, ThreadNotFound, Unreadable
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.weights import Weight
from runline.model.ttl import PruneStrategy
from runline.model.viewer import Viewer
from runline.runs.slots import ThreadSlots
from runline.storage.threads import Hold, ThreadStore
from runline.storage.ttls import Expired, TtlStore
from runline.storage.unseen import UnseenStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Prunes and weighs threads; `sweep_limit` is how many a sweep looks at."""

    saver: RunlineSaver
    slots: ThreadSlots
    threads: ThreadStore
    unseen: UnseenStore
    ttls: TtlStore
    sweep_limit: int

    async def prune(self, viewer: Viewer, thread_ids: Sequence[str], strategy: PruneStrategy) -> int:
        """Prune those of the viewer's threads that are not busy; returns how many."""
        return await self._prune_all(Expired(thread_id, viewer, strategy) for thread_id in dict.fromkeys(thread_ids))

    async def sweep(self) -> None:
        """Prune threads whose time is over."""
        if pruned := await self._prune_all(await self.ttls.expired(self.sweep_limit)):
            log.info("threads pruned", threads=pruned)

    async def finish_removals(self) -> None:
        """Remove all that a process that died has left half made or half removed."""
        await self._prune_all(await self.ttls.left_unseen())

    async def finish_removal(self, hold: Hold) -> None:
        """Remove what a holder who died has left half made or half removed, if that is what it held the slot for."""
        await self._prune_all(await self.ttls.left_unseen(hold.thread_id), hold)

    async def weigh(self, viewer: Viewer, thread_id: str) -> Weight:
        """What the thread's checkpoints take. Raises ThreadNotFound."""
        await self.threads.get(viewer, thread_id)
        return await self.saver.weigh(thread_id)

    async def _prune_all(self, threads: Iterable[Expired], hold: Hold | None = None) -> int:
        pruned = 0
        for thread in threads:
            try:
                await self._prune(thread, hold)
                pruned += 1
            except (ThreadBusy, ThreadNotFound, SlotLost):
                continue
            except Unreadable as exc:
                log.warning("a thread is not pruned", reason=str(exc))
        return pruned

    async def _prune(self, thread: Expired, hold: Hold | None) -> None:
        if thread.unseen:
            # nobody else knows it, and what had its slot is gone
            await self._remove(thread.owner, thread.thread_id, hold)
            return
        async with self.slots.slot(thread.owner, thread.thread_id) as slot:
            if thread.strategy is PruneStrategy.KEEP_LATEST:
                await self.saver.aprune([thread.thread_id])
                await self.ttls.renew(thread.thread_id)
            else:
                await self.unseen.hide(thread.owner, slot.hold)
                await self._remove(thread.owner, thread.thread_id, slot.hold)

    async def _remove(self, owner: Viewer, thread_id: str, hold: Hold | None = None) -> None:
        """The row goes last: until then the id is taken."""
        await self.saver.adelete_thread(thread_id)
        if active := await self.threads.delete(owner, thread_id, hold):
            # who was killed has not told them to stop; their workers find out when they renew
            for run in active:
                await self.saver.fence(run.run_id, run.attempt + 1)
            await self.saver.adelete_thread(thread_id)
