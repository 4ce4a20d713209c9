"""What people think of runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Opinion:
    """What somebody has to say of a run: `rating` is 1 or -1; `message_id` names the message that it is about."""

    rating: int
    comment: str | None = None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """An opinion as it is kept: one of each author on each run."""

    feedback_id: str
    thread_id: str
    run_id: str
    author: str
    opinion: Opinion
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FeedbackStats:
    """How many have rated a run, and how."""

    total: int
    positive: int
    negative: int
