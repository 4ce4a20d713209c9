"""Claims whose answers come late, to a process that stood still or was cut off: the run may be another's by then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from kit.postgres import Server
from kit.redis_server import redis_place
from kit.waiting import wait_until
from runline.model.lifecycle import RunStatus
from runs.agents import GATES
from runs.house import House, open_house

LONG = timedelta(hours=1)
"""For longer than a lease holds, which ends here when a test says so."""


@pytest.fixture
async def two(postgres: Server, redis_uri: str, tmp_path: Path) -> AsyncIterator[list[House]]:
    """Two nodes, of which the first claims nothing by itself."""
    with redis_place(redis_uri) as place, postgres.database() as uri:
        shared = {"database": {"uri": uri}, "redis": {"uri": redis_uri, "prefix": place.prefix}}
        async with (
            open_house(tmp_path, **shared, workers={"concurrency": 0}) as here,
            open_house(tmp_path, **shared) as there,
        ):
            yield [here, there]


async def test_a_run_that_others_have_gone_on_with_is_not_begun(two: list[House]) -> None:
    here, there = two
    gate = GATES["gate"]
    claimed = await here.abandon(await here.thread(), "wait gate")
    await here.let_lease_end(claimed)
    assert await there.reaper(max_attempts=3).reap() == 1
    await wait_until(lambda: gate.inside)
    here.core.worker.launch(replace(claimed, updated_at=claimed.updated_at - LONG))
    await here.core.worker.ended(claimed.run_id)
    assert gate.visits == 1
    gate.open()
    await there.reach(claimed, RunStatus.SUCCESS)
    assert (await there.now(claimed)).attempt == 2


async def test_a_run_that_is_begun_late_but_not_taken_by_others_goes_on(two: list[House]) -> None:
    """Its lease is renewed before anything else."""
    here, _ = two
    claimed = await here.abandon(await here.thread(), "one", worker=here.core.worker._claimant.worker)
    here.core.worker.launch(replace(claimed, updated_at=claimed.updated_at - LONG))
    await here.reach(claimed, RunStatus.SUCCESS)
    assert (await here.now(claimed)).attempt == 1
