"""A house for each test, which must leave it clean."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kit.emptied import Emptied, emptied
from kit.exploring import OwnLoop
from kit.leaks import nothing_leaks
from kit.postgres import Server
from kit.redis_server import RedisPlace, RedisServer, redis_place
from runline.databases import DATABASE_FILE
from runline.storage.engine import Database
from runline.storage.postgres import PostgresOptions
from runline.storage.sqlite import SqliteOptions
from runs.agents import GATES, moods
from runs.house import House, furnish, kept_by, open_everything, open_house
from runs.nodes import Site, open_site
from shared import SHARED, SharedPlace, shared_place
from storage.opening import Options, open_either


@pytest.fixture(autouse=True)
async def leak_free() -> AsyncIterator[None]:
    async with nothing_leaks():
        yield
    GATES.clear()
    moods["open"] = True


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged; it is not printed, which for tracebacks takes longer than most tests."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture(scope="session")
def emptied_database(postgres: Server) -> Iterator[Emptied]:
    """The database in PostgreSQL that the tests of `make shared` have one after the other."""
    with emptied(postgres, open_everything) as shared:
        yield shared


@pytest.fixture(autouse=True)
def migrated(tmp_path: Path, template: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Where `open_house(tmp_path)` looks, there is a database already."""
    (tmp_path / "data").mkdir()
    shutil.copy(template, tmp_path / "data" / DATABASE_FILE)
    if not SHARED:
        yield
        return
    database: Emptied = request.getfixturevalue("emptied_database")
    with database.lent() as conninfo, redis_place(request.getfixturevalue("redis_uri")) as redis:
        furnish(tmp_path, SharedPlace(conninfo, redis))
        yield


@pytest.fixture
def another_folder(tmp_path_factory: pytest.TempPathFactory, postgres: Server, redis_uri: str) -> Iterator[Path]:
    """Where `open_house` finds nothing of what is at `tmp_path`."""
    folder = tmp_path_factory.mktemp("another")
    with shared_place(postgres, redis_uri) as place:
        furnish(folder, place)
        yield folder


@pytest.fixture
def settings(postgres: Server, redis_uri: str) -> Iterator[dict[str, Any]]:
    """A database and a prefix for several houses to share."""
    with redis_place(redis_uri) as place, postgres.database() as uri:
        yield {"database": {"uri": uri}, "redis": {"uri": redis_uri, "prefix": place.prefix}}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path) as house:
        yield house


@pytest.fixture
async def still(settings: dict[str, Any], tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    """Two houses over one database, whose loops do nothing by themselves."""
    async with open_house(tmp_path, **settings) as here, open_house(tmp_path, **settings) as there:
        yield here, there


@pytest.fixture
async def site(tmp_path: Path, own_redis: RedisServer) -> AsyncIterator[Site]:
    """Where nodes stand whose Redis may be stopped."""
    async with open_site(tmp_path, RedisPlace(own_redis.uri)) as site:
        yield site


@pytest.fixture
def options(tmp_path: Path, migrated: None) -> Options:
    """Where the database is that `open_house(tmp_path)` opens, for tests that open nothing else."""
    uri = kept_by(tmp_path).database
    return PostgresOptions(uri) if uri else SqliteOptions(tmp_path / "data" / DATABASE_FILE)


@pytest.fixture
def database(loop: OwnLoop, options: Options) -> Database:
    """For state machines, which own their loop."""
    return loop.open(open_either(options))
