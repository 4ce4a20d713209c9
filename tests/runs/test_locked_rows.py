"""Rows that another transaction keeps to itself: what cannot be done now is done later, or need not be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kit.postgres import Server
from kit.redis_server import redis_place
from runline.model.lifecycle import RunStatus
from runs.agents import GATES
from runs.house import open_house


@pytest.fixture
def settings(postgres: Server, redis_uri: str) -> Iterator[dict[str, Any]]:
    """A database that is not waited for long; it ends what stands still for half of it."""
    with redis_place(redis_uri) as place, postgres.database() as uri:
        database = {"uri": uri, "busy_timeout_seconds": 2.0}
        yield {"database": database, "redis": {"uri": redis_uri, "prefix": place.prefix}}


async def test_a_run_has_ended_well_though_its_events_are_locked(
    settings: dict[str, Any], tmp_path: Path, logs: list[Any]
) -> None:
    """They cannot be put together now, and are as good in pieces."""
    async with open_house(tmp_path, **settings) as house:
        run = await house.hold(await house.thread(), stream_resumable=True)
        with psycopg.connect(settings["database"]["uri"]) as other:
            other.execute("SELECT 1 FROM segments FOR UPDATE")
            GATES["gate"].open()
            told = await house.end(run)
        assert await house.status(run) is RunStatus.SUCCESS
        assert told.seqs == list(range(1, len(told.seqs) + 1))
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_run_that_cannot_be_taken_over_now_is_taken_over_later(
    settings: dict[str, Any], tmp_path: Path, logs: list[Any]
) -> None:
    """Its worker stands still in the midst of a transaction; nothing is wrong here."""
    async with open_house(tmp_path, **settings) as house:
        run = await house.abandon(await house.thread(), "one")
        with psycopg.connect(settings["database"]["uri"]) as other:
            other.execute("SELECT 1 FROM runs FOR UPDATE")
            assert await house.reaper(max_attempts=3).reap(everything=True) == 0
        assert await house.reaper(max_attempts=3).reap(everything=True) == 1
        await house.reach(run, RunStatus.SUCCESS)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
