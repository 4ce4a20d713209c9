"""Whatever is done in whatever order, queues and statuses stay true, and nothing is lost or stuck."""

from __future__ import annotations

import pytest

from kit.exploring import OwnLoop, explore
from runline.storage.engine import Database
from runline.storage.sqlite import SqliteOptions
from storage.machine.queue import QueueMachine
from storage.opening import Options, open_either


@pytest.fixture
def database(options: Options, loop: OwnLoop) -> Database:
    """For machines, which own their loop."""
    return loop.open(open_either(options))


@pytest.mark.timeout(0)
def test_any_sequence_of_calls_keeps_the_rules(database: Database, loop: OwnLoop, options: Options) -> None:
    explore(lambda: QueueMachine(loop, database), examples=80 if isinstance(options, SqliteOptions) else 20)
