"""The gateway's tables. Those of checkpoints and items are not here: the savers and stores of `graphs/` make them.

Whoever imports one of them has imported all, so that `metadata` is whole. Beside the tables stand the conditions of
their partial indexes (`is_...`): such an index serves only a query that spells its condition out, which a bound
parameter would hide.
"""

from __future__ import annotations

from runline.storage.tables.assistant import assistant_versions, assistants
from runline.storage.tables.cron import crons, is_enabled
from runline.storage.tables.delivery import is_undelivered, webhook_deliveries
from runline.storage.tables.insight import event_counters, feedback, is_message, run_events, usage_entries
from runline.storage.tables.naming import metadata
from runline.storage.tables.removed_run import removed_ordinals, undone_runs
from runline.storage.tables.run import (
    has_ordinal,
    idempotency_keys,
    is_active,
    is_claimable,
    is_ended,
    is_running,
    runs,
    segments,
)
from runline.storage.tables.thread import thread_terms, thread_ttls, threads

__all__ = [
    "assistant_versions",
    "assistants",
    "crons",
    "event_counters",
    "feedback",
    "has_ordinal",
    "idempotency_keys",
    "is_active",
    "is_claimable",
    "is_enabled",
    "is_ended",
    "is_message",
    "is_running",
    "is_undelivered",
    "metadata",
    "removed_ordinals",
    "run_events",
    "runs",
    "segments",
    "thread_terms",
    "thread_ttls",
    "threads",
    "undone_runs",
    "usage_entries",
    "webhook_deliveries",
]
