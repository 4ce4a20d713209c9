"""The stored events of a run that has ended cannot be put together now: they are as good in pieces."""

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
    """A database that is not waited for."""
    with redis_place(redis_uri) as place, postgres.database() as uri:
        database = {"uri": uri, "busy_timeout_seconds": 0.1}
        yield {"database": database, "redis": {"uri": redis_uri, "prefix": place.prefix}}


async def test_a_run_has_ended_well_though_its_events_are_locked(
    settings: dict[str, Any], tmp_path: Path, logs: list[Any]
) -> None:
    async with open_house(tmp_path, **settings) as house:
        run = await house.hold(await house.thread(), stream_resumable=True)
        with psycopg.connect(settings["database"]["uri"]) as other:
            other.execute("SELECT 1 FROM segments FOR UPDATE")
            GATES["gate"].open()
            told = await house.end(run)
        assert await house.status(run) is RunStatus.SUCCESS
        assert told.seqs == list(range(1, len(told.seqs) + 1))
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
