"""Whatever is done in whatever order, queues and statuses stay true, and nothing is lost or stuck."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kit.exploring import OwnLoop, explore
from runline.storage.engine import Database
from runline.storage.sqlite import SqliteOptions, open_sqlite
from storage.machine.queue import QueueMachine


@pytest.fixture(params=["sqlite"])
def database(loop: OwnLoop, tmp_path: Path, template: Path) -> Database:
    """For machines, which own their loop."""
    shutil.copy(template, tmp_path / "test.db")
    return loop.open(open_sqlite(SqliteOptions(tmp_path / "test.db")))


@pytest.mark.timeout(0)
def test_any_sequence_of_calls_keeps_the_rules(loop: OwnLoop, database: Database) -> None:
    explore(lambda: QueueMachine(loop, database), examples=80)
