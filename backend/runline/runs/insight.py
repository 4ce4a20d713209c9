"""Insight: what was said in runs, what happened in them, what it cost, and what people think of it."""

from __future__ import annotations

from dataclasses import dataclass

from runline.runs.log_streams import LogStreams
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
