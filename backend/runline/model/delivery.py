"""Webhooks: what is told of a run's end, and how far its telling has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from runline.model.run import Run
from runline.model.token_usage import NO_USAGE, Usage

ROLLED_BACK = "rollback"
"""What a webhook calls the end of a run that was undone; its row is gone, so it is no RunStatus."""

_LONGEST_PAUSE_SECONDS = 3600.0


class DeliveryStatus(StrEnum):
    """Where a delivery is in its life."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended: the run as of then, its terminal status or `rollback`, and the values it came to.

    `error` is {"error", "message"} of a run that failed or was stopped. `usage` is the ledger's when it is told.
    """

    run: Run
    status: str
    ended_at: datetime
    values: Any
    error: dict[str, Any] | None
    usage: Usage = NO_USAGE


@dataclass(frozen=True, slots=True)
class Delivery:
    """The telling of one run's end to one URL, as logged. Its id stays the same over all attempts.

    `next_attempt_at` is None once it is over. `status_code` is what the receiver answered to the last attempt, and
    `error` the sentence that says why that failed.
    """

    delivery_id: str
    run_id: str
    thread_id: str
    url: str
    status: DeliveryStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    last_attempt_at: datetime | None
    ended_at: datetime | None
    status_code: int | None
    error: str | None


def receiver_of(url: str) -> str:
    """Who is called by a URL: its host, and its port if it names one. Empty for what is no URL."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def has_share(calls: int, free: int) -> bool:
    """Whether a receiver that is being called so often may take one more of the free slots.

    It takes half of what the others leave: many that are slow leave some to those that are not.
    """
    return calls < free


def full_receivers(calls: Mapping[str, int], free: int) -> list[str]:
    """Those of the receivers that have their share."""
    return [receiver for receiver, count in calls.items() if not has_share(count, free)]


def pause_after(attempts: int, first_seconds: float, jitter: float) -> float:
    """Seconds until the next attempt: twice as many with each, up to an hour, less by up to half for `jitter` in 0..1.

    Jitter keeps those that failed together from coming back together.
    """
    longest = min(first_seconds * 2.0 ** (attempts - 1), _LONGEST_PAUSE_SECONDS)
    return longest * (1 - jitter / 2)
