"""Undo a run: its checkpoints and writes, its row, and what it had made of its thread.

Safe to repeat: the wish is on the run's row before anything is undone, the checkpoints go first, and the row
last, so a rollback that was killed half-way is found and finished by the reaper.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from runline.graphs.checkpoints import RunlineSaver
from runline.model.entries import NOTHING, Entries
from runline.model.lifecycle import StopReason, stop_error
from runline.model.run import Run
from runline.runs.states import ThreadStates
from runline.storage.leases import LeaseStore
from runline.storage.queue import Claimant
from runline.storage.threads import Hold


@dataclass(frozen=True, slots=True)
class Rollback:
    """Takes runs back."""

    saver: RunlineSaver
    leases: LeaseStore
    states: ThreadStates

    async def undo_ended(self, run: Run, hold: Hold) -> None:
        """Undo a run that has ended, while the caller holds its thread's slot. Raises SlotLost.

        Killed half-way, it is finished when the reaper finds the slot abandoned.
        """
        await self.leases.doom(run, hold)
        await self.undo(run, StopReason.DELETE)

    async def undo(
        self, run: Run, reason: StopReason, claimant: Claimant | None = None, entries: Entries = NOTHING
    ) -> tuple[Run | None, Any]:
        """Undo a run that executes no more; returns the thread's next run as `Ending` does, and its values now.

        `entries` are what its log and the ledger lack.
        """
        await self.saver.adelete_for_runs([run.run_id])
        # what is left was made by the graph that the thread had before
        graph_id = await self.leases.graph_before(run) or run.graph_id
        state = replace(await self.states.rest(replace(run, graph_id=graph_id)), error=stop_error(reason))
        ending = await self.leases.discard(run, state, claimant, reason, entries)
        return ending.promoted, state.values
