"""Table rows to model objects and back."""

from __future__ import annotations

from runline.storage.rows.assistant import assistant_from_row, assistant_to_row, version_from_row, version_to_row
from runline.storage.rows.cron import cron_from_row, cron_to_row
from runline.storage.rows.delivery import delivery_from_row, run_end_from_row
from runline.storage.rows.insight import feedback_from_row, run_event_from_row, usage_entry_from_row, usage_entry_to_row
from runline.storage.rows.reading import first_readable, readable
from runline.storage.rows.run import run_from_row, run_to_row, undone_run_from_row, undone_run_to_row
from runline.storage.rows.thread import given_ttl_from_row, thread_from_row, thread_to_row

__all__ = [
    "assistant_from_row",
    "assistant_to_row",
    "cron_from_row",
    "cron_to_row",
    "delivery_from_row",
    "feedback_from_row",
    "first_readable",
    "given_ttl_from_row",
    "readable",
    "run_end_from_row",
    "run_event_from_row",
    "run_from_row",
    "run_to_row",
    "thread_from_row",
    "thread_to_row",
    "undone_run_from_row",
    "undone_run_to_row",
    "usage_entry_from_row",
    "usage_entry_to_row",
    "version_from_row",
    "version_to_row",
]
