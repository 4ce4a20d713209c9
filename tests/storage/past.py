"""Runs of which there is something to tell: rows of the log and of the ledger, as their writer leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from runline.kit.ids import new_id
from runline.model.lifecycle import StopReason
from runline.model.run import Run
from runline.model.run_event import EventCategory, RunEvent
from runline.model.usage import COST_UNIT
from runline.storage.feedback import FeedbackStore
from runline.storage.run_events import RunEventStore
from runline.storage.run_log import write_events
from runline.storage.tables import usage_entries
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore
from storage.world import World


@dataclass(frozen=True)
class Past:
    """What the storage of a world tells of its past."""

    world: World
    events: RunEventStore
    usage: UsageStore
    periods: UsagePeriodStore
    feedback: FeedbackStore

    @classmethod
    def of(cls, world: World) -> Past:
        database = world.database
        stores = RunEventStore(database), UsageStore(database), UsagePeriodStore(database)
        return cls(world, *stores, FeedbackStore(database, world.clock))

    async def run(self, thread_id: str, *types: str) -> Run:
        """A run that has told entries of these types and ended, which is told as well."""
        run = await self.world.start(thread_id)
        await self.tell(run, *types)
        await self.world.finish(run)
        return run

    async def tell(self, run: Run, *types: str) -> None:
        """Write entries of these types behind those of the thread."""
        events = [self._event(run, event_type) for event_type in types]
        await self.world.database.write(lambda connection: write_events(connection, events))

    def _event(self, run: Run, event_type: str) -> RunEvent:
        category = EventCategory.MESSAGE if event_type.endswith("_message") else EventCategory.TRACE
        content = {"text": event_type}
        return RunEvent(run.thread_id, run.run_id, event_type, category, self.world.clock.now(), content)

    async def call(self, run: Run, input_tokens: int = 10, output_tokens: int = 5, **columns: Any) -> str:
        """Enter a call of a model into the ledger; `cost` in the currency's unit. Returns its usage_id."""
        return (await self.calls(run, [{"input_tokens": input_tokens, "output_tokens": output_tokens, **columns}]))[0]

    async def calls(self, run: Run, entries: Iterable[dict[str, Any]]) -> list[str]:
        """Enter several."""
        rows = [self._call(run, entry) for entry in entries]
        await self.world.execute(insert(usage_entries).values(rows))
        return [row["usage_id"] for row in rows]

    def _call(self, run: Run, entry: dict[str, Any]) -> dict[str, Any]:
        if (cost := entry.get("cost")) is not None:
            entry = {"currency": "USD", **entry, "cost": round(cost * COST_UNIT)}
        usual = {
            "usage_id": new_id(),
            "owner": run.owner,
            "thread_id": run.thread_id,
            "run_id": run.run_id,
            "attempt": 1,
            "rolled_back": 0,
            "assistant_id": run.spec.assistant_id,
            "graph_id": run.graph_id,
            "node": "model",
            "caller": "lead_agent",
            "caller_name": None,
            "model": "small",
            "provider": None,
            "total_tokens": entry["input_tokens"] + entry["output_tokens"],
            "cache_read_tokens": 0,
            "cache_creation_tokens": 0,
            "reasoning_tokens": 0,
            "cost": None,
            "currency": None,
            "started_at": self.world.clock.now(),
            "duration_ms": 7,
        }
        return usual | entry

    async def roll_back(self, run: Run) -> None:
        """Undo a run."""
        await self.world.leases.discard(run, None, None, StopReason.ROLLBACK)
