"""Whatever a reader does and whatever happens to the process: it sees every event once, or is told what is gone."""

from __future__ import annotations

import pytest

from kit.exploring import OwnLoop, explore
from runline.storage.engine import Database
from runs.machine.streams import StreamMachine


@pytest.mark.timeout(0)
def test_no_cut_and_no_crash_makes_a_reader_miss_an_event_or_see_it_twice(loop: OwnLoop, database: Database) -> None:
    explore(lambda: StreamMachine(loop, database), examples=50)
