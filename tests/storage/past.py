"""Runs of which there is something to tell: rows of the log and of the ledger, as their writer leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from runline.model.lifecycle import StopReason
from runline.model.run import Run
from runline.model.run_event import EventCategory, RunEvent
from runline.model.usage import COST_UNIT, Tokens, UsageEntry
from runline.storage.feedback import FeedbackStore
from runline.storage.run_events import RunEventStore
from runline.storage.run_log import write_events, write_usage
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore
from storage.ledgers import call
from storage.world import World

_COUNTS = tuple(each.name for each in fields(Tokens))


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

    async def call(self, run: Run, input_tokens: int = 10, output_tokens: int = 5, **more: Any) -> str:
        """Enter a call of a model into the ledger; `cost` in the currency's unit. Returns its usage_id."""
        return (await self.calls(run, [{"input_tokens": input_tokens, "output_tokens": output_tokens, **more}]))[0]

    async def calls(self, run: Run, asked: Iterable[Mapping[str, Any]]) -> list[str]:
        """Enter several."""
        entries = [self._entry(run, dict(each)) for each in asked]
        await self.world.database.write(lambda connection: write_usage(connection, entries))
        return [entry.usage_id for entry in entries]

    def _entry(self, run: Run, asked: dict[str, Any]) -> UsageEntry:
        counts = {name: asked.pop(name) for name in _COUNTS if name in asked}
        total = counts["input_tokens"] + counts["output_tokens"]
        if (cost := asked.get("cost")) is not None:
            asked = {"currency": "USD", **asked, "cost": round(cost * COST_UNIT)}
        usual = {"model": "small", "started_at": self.world.clock.now()}
        return call(run, tokens=Tokens(total_tokens=total, **counts), **(usual | asked))

    async def roll_back(self, run: Run) -> None:
        """Undo a run."""
        await self.world.leases.discard(run, None, None, StopReason.ROLLBACK)
