"""The databases of the storage contracts: a new one is added here, and every test of this folder runs on it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kit.leaks import nothing_leaks
from runline.storage.engine import Database, SqliteOptions, open_database
from storage.migrated import make_template
from storage.world import World


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"))


@pytest.fixture(params=["sqlite"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, template: Path) -> AsyncIterator[Database]:
    shutil.copy(template, tmp_path / "test.db")
    async with nothing_leaks(), open_database(SqliteOptions(tmp_path / "test.db")) as database:
        yield database


@pytest.fixture
def world(database: Database) -> World:
    return World.over(database)
