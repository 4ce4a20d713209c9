"""Aegra, another server of the platform API, on PostgreSQL and Redis; all its other settings are at their defaults.

`make bench-shared` installs it into an environment of its own, whose Python the variable RUNLINE_BENCH_AEGRA names.
"""

from __future__ import annotations

import os
from pathlib import Path

from bench.stores import Stores

AEGRA_ALIVE = "/live"
"""Where it says that it is there."""

_VARIABLE = "RUNLINE_BENCH_AEGRA"


def aegra_python() -> str | None:
    """The Python that Aegra is installed for, if it is."""
    named = os.environ.get(_VARIABLE)
    return str(Path(named).absolute()) if named else None


def aegra_command(port: int) -> list[str]:
    """How to start it."""
    return [
        aegra_python() or "python",
        "-m",
        "uvicorn",
        "aegra_api.main:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]


def aegra_settings(project: Path, stores: Stores) -> dict[str, str]:
    """With Redis its runs are taken by workers, of which this process has some, and streamed over it."""
    return {
        "AEGRA_CONFIG": str(project),
        "DATABASE_URL": stores.postgres.uri,
        "REDIS_URL": stores.redis.uri,
        "REDIS_BROKER_ENABLED": "true",
    }
