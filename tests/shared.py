"""Where tests keep everything: in files or, with `make shared`, in PostgreSQL, with Redis between the processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kit.postgres import Server, serving_postgres
from kit.redis_server import RedisPlace, shared_redis

SHARED = os.environ.get("RUNLINE_TEST_SHARED") == "1"
"""Whether the form that `make shared` runs was asked for."""

POSTGRES, REDIS = "RUNLINE_TEST_POSTGRES_URI", "RUNLINE_TEST_REDIS_URI"
QUICK_LEASES = {"RUNLINE_WORKERS__LEASE_SECONDS": "3"}
"""One that shares its database waits for the leases of a process that was killed."""

TAKEOVER_SECONDS = 15.0 if SHARED else 0.0
"""Within which a started process has taken over what another was killed at: one that shares nothing, at once."""

HASTE_SECONDS = 0.5 if SHARED else 0.01
"""How long a test waits for locks that it knows to be held. PostgreSQL ends a transaction that stands still for half of
it, which on a busy machine one does."""


@dataclass(frozen=True)
class SharedPlace:
    """A database and a part of Redis that a test has for itself, for as many processes as it likes."""

    database: str
    redis: RedisPlace

    @property
    def environ(self) -> dict[str, str]:
        """The settings of a process that keeps everything there."""
        return {
            "DATABASE_URI": self.database,
            "REDIS_URI": self.redis.uri,
            "RUNLINE_REDIS__PREFIX": self.redis.prefix,
        }

    @property
    def flags(self) -> dict[str, Any]:
        """The same, as `load_settings` takes them."""
        return {"database": {"uri": self.database}, "redis": {"uri": self.redis.uri, "prefix": self.redis.prefix}}


@contextmanager
def shared_place(postgres: Server, redis_uri: str) -> Iterator[SharedPlace]:
    """A new one. At its end no key of Redis may stay for ever."""
    redis = RedisPlace(redis_uri)
    with postgres.database() as uri:
        yield SharedPlace(uri, redis)
        assert redis.immortal_keys() == []


@contextmanager
def wanted_servers() -> Iterator[None]:
    """What the places of this form stand on, for programs that pytest does not run."""
    if not SHARED:
        yield
        return
    with serving_postgres() as postgres, shared_redis() as redis_uri:
        os.environ |= {POSTGRES: postgres.uri, REDIS: redis_uri}
        yield


@contextmanager
def wanted_place() -> Iterator[dict[str, str]]:
    """The settings that let a gateway of this form keep everything in a place of its own."""
    if not SHARED:
        yield {}
        return
    with shared_place(Server(os.environ[POSTGRES]), os.environ[REDIS]) as place:
        yield {**place.environ, **QUICK_LEASES}
