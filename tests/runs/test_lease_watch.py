"""A node that cannot reach the database executes nothing on a lease that has ended: others may go on with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from psycopg.conninfo import make_conninfo

from kit.postgres import OwnServer, serving_own
from kit.proxy import Proxy, standing_before
from kit.redis_server import redis_place
from kit.waiting import let_others_run, wait_until
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run, RunSpec
from runline.runs.lease_watch import LeaseWatch
from runline.runs.live import LiveRun
from runs.agents import GATES
from runs.house import House, open_house

LEASE_SECONDS = 1.5
NOW = datetime.now(UTC)
RUN = Run("run", "thread", "graph", "", RunStatus.RUNNING, RunSpec("assistant"), {}, NOW, NOW, NOW)


class Two(NamedTuple):
    """Two nodes, of which the first can be parted from the database; the other claims nothing and reaps."""

    here: House
    there: House
    way: Proxy


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with serving_own() as server:
        yield server


@pytest.fixture
async def two(own_server: OwnServer, redis_uri: str, tmp_path: Path) -> AsyncIterator[Two]:
    workers = {"lease_seconds": LEASE_SECONDS, "poll_seconds": 0.1}
    with redis_place(redis_uri) as place, own_server.database() as uri:
        redis = {"uri": redis_uri, "prefix": place.prefix}
        async with standing_before(own_server.socket) as way:
            proxied = make_conninfo(uri, host="127.0.0.1", port=way.port, sslmode="disable")
            async with (
                open_house(
                    tmp_path, database={"uri": uri}, redis=redis, workers={**workers, "concurrency": 0}
                ) as there,
                open_house(tmp_path, database={"uri": proxied}, redis=redis, workers=workers) as here,
            ):
                yield Two(here, there, way)


async def test_who_is_cut_off_stops_before_others_go_on_and_goes_on_behind_it(two: Two) -> None:
    here, there, way = two
    run = await here.hold(await here.thread())
    way.pause()
    await there.reach(run, RunStatus.PENDING)
    assert not GATES["gate"].inside
    way.resume()
    GATES["gate"].open()
    await here.reach(run, RunStatus.SUCCESS)
    assert await here.log(run.thread_id) == ["begin", "wait gate", "end"]
    assert (await here.now(run)).attempt > 1


async def test_who_cannot_begin_before_its_lease_ends_does_not_begin(two: Two) -> None:
    here, there, way = two
    claimed = await there.abandon(await there.thread(), "wait gate", worker=here.core.worker.claimant.worker)
    way.pause()
    here.core.worker.launch(claimed)
    live = here.core.worker.live[claimed.run_id]
    await wait_until(lambda: live.stop_reason is not None)
    GATES["gate"].open()
    way.resume()
    await there.reach(claimed, RunStatus.SUCCESS)
    assert GATES["gate"].visits == 1
    assert (await there.now(claimed)).attempt == 2


async def test_who_stood_still_just_before_its_first_step_makes_sure_that_nobody_has_gone_on(two: Two) -> None:
    here = two.here
    claimed = await here.abandon(await here.thread(), "wait gate", worker=here.core.worker.claimant.worker)
    await here.let_another_go_on(claimed)
    here.core.worker.launch(claimed)
    live = here.core.worker.live[claimed.run_id]
    await let_others_run(1)
    stand_still_until(live.leased_until + 0.1)
    await live.done.wait()
    assert GATES["gate"].visits == 0


@pytest.mark.parametrize("leases", [0.95, 1.2], ids=["almost to the end", "beyond the end"])
async def test_who_stood_still_and_finds_its_run_untouched_goes_on(two: Two, leases: float) -> None:
    """What its clock says counts for nothing before its renewal was answered."""
    here = two.here
    run = await here.hold(await here.thread())
    live = here.core.worker.live[run.run_id]
    until = live.leased_until
    await wait_until(lambda: live.leased_until > until)
    stand_still_until(live.leased_until + (leases - 1) * LEASE_SECONDS)
    until = live.leased_until
    await wait_until(lambda: live.leased_until > until)
    GATES["gate"].open()
    await here.reach(run, RunStatus.SUCCESS)
    assert (await here.now(run)).attempt == 1


async def test_a_lease_is_no_longer_than_that_though_its_run_has_a_time_that_lies_ahead(two: Two) -> None:
    """As on a thread whose last run was made before the clock of the database was set back."""
    here = two.here
    claimed = await here.abandon(await here.thread(), "wait gate", worker=here.core.worker.claimant.worker)
    here.core.worker.launch(replace(claimed, updated_at=claimed.updated_at + timedelta(hours=1)))
    assert here.core.worker.live[claimed.run_id].leased_until <= time.monotonic() + LEASE_SECONDS
    GATES["gate"].open()
    await here.reach(claimed, RunStatus.SUCCESS)


def stand_still_until(moment: float) -> None:
    """As a node does that is not async, and says it were."""
    while time.monotonic() < moment:
        pass


async def test_a_lease_that_ends_sooner_than_the_others_is_looked_after_in_time() -> None:
    lives = {name: LiveRun(RUN, time.monotonic() + seconds) for name, seconds in (("a", 9.0), ("b", 0.2))}
    watch = LeaseWatch(lives, LEASE_SECONDS)
    watch.begin(lives["a"])
    watch.begin(lives["b"])
    await wait_until(lambda: lives["b"].stop_reason is StopReason.LEASE_LOST)
    assert time.monotonic() < lives["a"].leased_until
    assert lives["a"].stop_reason is None


async def test_nobody_looks_after_what_executes_no_more_or_is_deleted_anyway() -> None:
    """The database sees who owns a run as its end is written down."""
    at_rest = LiveRun(RUN, time.monotonic(), graph_task=asyncio.create_task(asyncio.sleep(0)))
    deleted = LiveRun(RUN, time.monotonic(), stop_reason=StopReason.DELETE)
    await wait_until(lambda: at_rest.is_at_rest)
    watch = LeaseWatch({"at rest": at_rest, "deleted": deleted}, LEASE_SECONDS)
    watch.begin(at_rest)
    assert watch._timer is None
