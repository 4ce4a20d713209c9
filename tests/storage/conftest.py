"""The databases of the storage contracts: a new one is added here, and every test of this folder runs on it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kit.emptied import Emptied, emptied
from kit.leaks import nothing_leaks
from kit.postgres import Server
from runline.model.run import Run
from runline.storage.engine import Database
from runline.storage.postgres import PostgresOptions, open_postgres
from runline.storage.sqlite import SqliteOptions
from storage.opening import Options, open_either
from storage.past import Past
from storage.world import World


@pytest.fixture(scope="session")
def shared(postgres: Server) -> Iterator[Emptied]:
    """The database in PostgreSQL that tests have one after the other."""
    with emptied(postgres, lambda conninfo: open_postgres(PostgresOptions(conninfo))) as shared:
        yield shared


@pytest.fixture(params=["sqlite", "postgres"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Options]:
    """Where a migrated, empty database is, of each kind."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("template"), tmp_path / "test.db")
        yield SqliteOptions(tmp_path / "test.db")
    else:
        with request.getfixturevalue("shared").lent() as conninfo:
            yield PostgresOptions(conninfo)


@pytest.fixture
def reshaped(options: Options, request: pytest.FixtureRequest) -> None:
    """For tests that change the tables themselves: nobody after them gets these."""
    if isinstance(options, PostgresOptions):
        request.getfixturevalue("shared").spoilt = True


@pytest.fixture
async def database(options: Options) -> AsyncIterator[Database]:
    async with nothing_leaks(), open_either(options) as database:
        yield database


@pytest.fixture
def world(database: Database) -> World:
    return World.over(database)


@pytest.fixture
def past(world: World) -> Past:
    return Past.of(world)


@pytest.fixture
async def thread_id(world: World) -> str:
    return (await world.thread()).thread_id


@pytest.fixture
async def run(past: Past, world: World) -> Run:
    return await past.run((await world.thread()).thread_id)
