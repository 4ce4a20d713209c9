"""How webhooks are told of runs, and how their log is spelled on the platform's wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runline.doors.platform.words import run_to_wire
from runline.doors.words import known_moment, moment_to_wire
from runline.model.delivery import Delivery, RunEnd


def webhook_to_wire(end: RunEnd, sent_at: datetime) -> dict[str, Any]:
    """What a webhook is told: the Run as it ended, when, with which values, and its error if it has one.

    Divergence 52: `values` hold `__interrupt__`, and are those of runs without a thread, too.
    """
    return {
        **run_to_wire(end.run, end.usage),
        "status": end.status,
        "run_started_at": known_moment(end.run.started_at),
        "run_ended_at": moment_to_wire(end.ended_at),
        "webhook_sent_at": moment_to_wire(sent_at),
        "values": end.values,
        **({"error": end.error} if end.error else {}),
    }


def delivery_to_wire(delivery: Delivery) -> dict[str, Any]:
    """One entry of a run's webhook log."""
    return {
        "delivery_id": delivery.delivery_id,
        "run_id": delivery.run_id,
        "thread_id": delivery.thread_id,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "status_code": delivery.status_code,
        "error": delivery.error,
        "created_at": moment_to_wire(delivery.created_at),
        "last_attempt_at": known_moment(delivery.last_attempt_at),
        "next_attempt_at": known_moment(delivery.next_attempt_at),
        "ended_at": known_moment(delivery.ended_at),
    }
