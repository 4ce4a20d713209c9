"""Insight: what was said in runs, what happened in them, what it cost, and what people think of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runline.model.token_usage import ThreadUsage
from runline.model.viewer import Viewer
from runline.runs.log_streams import LogStreams
from runline.runs.prices import PriceList
from runline.storage.feedback import FeedbackStore
from runline.storage.run_events import RunEventStore
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore


@dataclass(frozen=True, slots=True)
class Insight:
    """What looks into runs; it changes nothing but feedback."""

    events: RunEventStore
    logs: LogStreams
    usage: UsageStore
    periods: UsagePeriodStore
    feedback: FeedbackStore
    prices: PriceList

    async def thread_usage(self, viewer: Viewer, thread_id: str, *, include_active: bool) -> ThreadUsage:
        """See UsageStore.of_thread; the context's window is told where it is known."""
        usage = await self.usage.of_thread(viewer, thread_id, include_active=include_active)
        if (context := usage.context) is None:
            return usage
        return replace(usage, context=replace(context, window=self.prices.window(context.model, context.provider)))
