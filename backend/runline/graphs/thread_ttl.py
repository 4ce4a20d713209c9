"""`checkpointer.ttl` of langgraph.json: how long threads live that are given no ttl, and how often it is looked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runline.errors import ConfigError
from runline.model.ttl import PruneStrategy, Ttl

_KEYS = ("strategy", "default_ttl", "sweep_interval_minutes", "sweep_limit")
_INTERVAL_MINUTES = 5
_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class ThreadTtl:
    """What new threads are given, and the minutes between two sweeps and the most threads that one prunes."""

    default: Ttl | None = None
    sweep_interval_minutes: float = _INTERVAL_MINUTES
    sweep_limit: int = _LIMIT


def read_thread_ttl(file: Path, entry: Any) -> ThreadTtl:
    """Read the entry, None for none. Raises ConfigError with a sentence that names what is wrong."""
    ttl = read_object(file, "checkpointer.ttl", entry or {})
    if unknown := [key for key in ttl if key not in _KEYS]:
        raise ConfigError(f"'checkpointer.ttl.{unknown[0]}' in {file} is unknown: there are {', '.join(_KEYS)}.")
    minutes = _positive(file, "default_ttl", ttl.get("default_ttl"))
    strategy = _strategy(file, ttl.get("strategy", PruneStrategy.DELETE))
    interval = _positive(file, "sweep_interval_minutes", ttl.get("sweep_interval_minutes"))
    limit = _positive(file, "sweep_limit", ttl.get("sweep_limit"))
    if limit is not None and limit != int(limit):
        raise ConfigError(f"'checkpointer.ttl.sweep_limit' in {file} must be a whole number.")
    return ThreadTtl(
        Ttl(minutes, strategy) if minutes is not None else None,
        _INTERVAL_MINUTES if interval is None else interval,
        _LIMIT if limit is None else int(limit),
    )


def read_object(file: Path, name: str, entry: Any) -> dict[str, Any]:
    """The keys of an object that say something. Raises ConfigError for anything else."""
    if not isinstance(entry, dict):
        raise ConfigError(f"'{name}' in {file} must be an object.")
    return {key: value for key, value in entry.items() if value is not None}


def _strategy(file: Path, value: Any) -> PruneStrategy:
    if value not in list(PruneStrategy):
        raise ConfigError(f"'checkpointer.ttl.strategy' in {file} must be one of: {', '.join(PruneStrategy)}.")
    return PruneStrategy(value)


def _positive(file: Path, key: str, value: Any) -> float | None:
    if value is None:
        return None
    # the upper bound is ten years of minutes
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 5_256_000:
        raise ConfigError(f"'checkpointer.ttl.{key}' in {file} must be a number above 0, and at most 5256000.")
    return value
