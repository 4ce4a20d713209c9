"""Keeper: the thread that renews leases while the event loop stands still, and only then."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from psycopg.conninfo import make_conninfo

from kit.postgres import OwnServer, serving_own
from kit.proxy import Proxy, standing_before
from kit.redis_server import redis_place
from kit.waiting import wait_until
from runline.model.lifecycle import RunStatus, StopReason
from runline.runs.keeper import Keeper
from runline.storage.postgres import PostgresOptions
from runline.storage.postgres_spare import NAME, PostgresSpare
from runs.agents import GATES
from runs.house import House, open_house

LEASE_SECONDS = 3.0
"""On a busy machine a loop gives no answer for a good part of a shorter one."""


class Place(NamedTuple):
    """A node whose way to the database can be shut."""

    house: House
    way: Proxy


@pytest.fixture(scope="module")
def own_server() -> Iterator[OwnServer]:
    with serving_own() as server:
        yield server


@pytest.fixture
async def place(own_server: OwnServer, redis_uri: str, tmp_path: Path) -> AsyncIterator[Place]:
    with redis_place(redis_uri) as redis, own_server.database() as uri:
        async with standing_before(own_server.socket) as way:
            way.listening = True
            proxied = make_conninfo(uri, host="127.0.0.1", port=way.port, sslmode="disable")
            settings: dict[str, Any] = {
                "database": {"uri": proxied},
                "redis": {"uri": redis_uri, "prefix": redis.prefix},
                "workers": {"lease_seconds": LEASE_SECONDS, "poll_seconds": 0.1},
            }
            async with open_house(tmp_path, **settings) as house:
                yield Place(house, way)


def stood_still(logs: list[Any]) -> list[Any]:
    return [entry for entry in logs if entry["event"].startswith("the event loop")]


async def test_as_long_as_the_loop_renews_nothing_is_connected_or_said(place: Place, logs: list[Any]) -> None:
    house = place.house
    run = await house.hold(await house.thread())
    live, renewals = house.core.worker.live[run.run_id], set[float]()

    def renewed_often() -> bool:
        renewals.add(live.leased_until)
        return len(renewals) > 3

    await wait_until(renewed_often)
    GATES["gate"].open()
    await house.reach(run, RunStatus.SUCCESS)
    assert not any(NAME.encode() in tape for tape in place.way.said)
    assert stood_still(logs) == []


async def test_who_cannot_renew_though_its_loop_goes_on_is_left_to_that(place: Place, logs: list[Any]) -> None:
    house, way = place
    run = await house.hold(await house.thread())
    way.pause()
    live = house.core.worker.live[run.run_id]
    await wait_until(lambda: live.stop_reason is StopReason.LEASE_LOST)
    way.resume()
    GATES["gate"].open()
    await house.reach(run, RunStatus.SUCCESS)
    assert not any(NAME.encode() in tape for tape in way.said)
    assert stood_still(logs) == []


async def test_it_ends_as_soon_as_it_is_told_to_though_it_is_connecting(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """It would wait for two seconds more."""
    async with open_house(tmp_path, **settings, workers={"lease_seconds": 12.0}) as house:
        run = await house.hold(await house.thread())
        house.core.worker.live[run.run_id].leased_until = time.monotonic() + 6
        with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
            options = PostgresOptions(f"host=127.0.0.1 port={nobody.getsockname()[1]}")
            keeper = Keeper(house.core.worker, house.core.leases, partial(PostgresSpare, options), house.core.meters)
            threads = set(threading.enumerate())
            with keeper.keeping():
                (own,) = set(threading.enumerate()) - threads
                with nobody.accept()[0]:
                    told_at = time.monotonic()
            assert not own.is_alive()
            assert time.monotonic() - told_at < 1
        GATES["gate"].open()
        await house.reach(run, RunStatus.SUCCESS)
