"""How Redis is reached and used, as it is told before anything of Redis is imported."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """Where Redis is, what its keys begin with, how long (seconds) it may take, and how much it is to hold.

    Of a run's events about `max_events_per_run` are kept in Redis, and at most `max_unsent_bytes` of all runs in
    this process while Redis is away.
    """

    uri: str
    prefix: str = "runline"
    timeout_seconds: float = 2.0
    max_events_per_run: int = 65_536
    max_unsent_bytes: int = 64 * 2**20
    retention_seconds: float = 60.0
