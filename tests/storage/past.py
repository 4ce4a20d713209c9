"""Runs of which there is something to tell: rows of the log and of the ledger, as their writer leaves them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from runline.kit.ids import new_id
from runline.model.run import Run
from runline.model.usage import COST_UNIT
from runline.storage.feedback import FeedbackStore
from runline.storage.run_events import RunEventStore
from runline.storage.tables import run_events, usage_entries
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore
from storage.world import World

_ENDS = ("run.end", "run.error", "run.rollback")


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

    async def run(self, thread_id: str, **spec: Any) -> Run:
        """A run that has ended; the thread must have none that is active."""
        run = await self.world.start(thread_id, **spec)
        await self.world.finish(run)
        return run

    async def tell(self, run: Run, *types: str, **more: Any) -> list[int]:
        """Write entries of these types behind those of the thread; returns their seqs."""
        query = select(run_events.c.seq).where(run_events.c.thread_id == run.thread_id)
        known = await self.world.database.read(lambda connection: connection.execute(query).scalars().all())
        first = max(known, default=0) + 1
        rows = [self._entry(run, seq, name) | more for seq, name in enumerate(types, first)]
        await self.world.execute(insert(run_events).values(rows))
        return [row["seq"] for row in rows]

    def _entry(self, run: Run, seq: int, event_type: str) -> dict[str, Any]:
        category = "message" if event_type.endswith("_message") else "outputs" if event_type in _ENDS else "trace"
        return {
            "thread_id": run.thread_id,
            "run_id": run.run_id,
            "seq": seq,
            "event_type": event_type,
            "category": category,
            "created_at": self.world.clock.now(),
            "metadata": {},
            "content": {"text": f"{event_type} {seq}"},
        }

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
        """Undo an ended run: its row goes, and its calls are marked."""
        await self.world.leases.discard(run, None, None)
        await self.world.execute(
            update(usage_entries).where(usage_entries.c.run_id == run.run_id).values(rolled_back=1)
        )
