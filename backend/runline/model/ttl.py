"""How long a thread lives, and what pruning leaves of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class PruneStrategy(StrEnum):
    """What is left of a pruned thread: nothing, or the thread at its newest state without its past."""

    DELETE = "delete"
    KEEP_LATEST = "keep_latest"


@dataclass(frozen=True, slots=True)
class Ttl:
    """Minutes from the moment it is given until a thread is pruned, and how."""

    minutes: float
    strategy: PruneStrategy = PruneStrategy.DELETE

    def end(self, given: datetime) -> datetime:
        """When that is."""
        return given + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class GivenTtl:
    """A thread's ttl, and the moment from which it may be pruned."""

    ttl: Ttl
    expires_at: datetime
