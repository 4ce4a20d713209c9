"""A house for each test, which must leave it clean."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from kit.exploring import OwnLoop
from kit.leaks import nothing_leaks
from kit.postgres import Server
from kit.redis_server import redis_place
from runline.databases import DATABASE_FILE
from runline.storage.engine import Database
from runline.storage.sqlite import SqliteOptions, open_sqlite
from runs.agents import GATES, moods
from runs.house import House, open_house
from storage.migrated import make_template


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
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(autouse=True)
def migrated(tmp_path: Path, template: Path) -> None:
    """Where `open_house(tmp_path)` looks, there is a database already."""
    (tmp_path / "data").mkdir()
    shutil.copy(template, tmp_path / "data" / DATABASE_FILE)


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
def database(loop: OwnLoop, tmp_path: Path, migrated: None) -> Database:
    """For state machines, which own their loop."""
    return loop.open(open_sqlite(SqliteOptions(tmp_path / "data" / DATABASE_FILE)))
