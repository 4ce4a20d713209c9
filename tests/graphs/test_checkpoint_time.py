"""The ids of checkpoints follow the database's time, and what was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from runline.graphs.checkpoint_ids import first_checkpoint_id
from runline.graphs.checkpoint_time import CheckpointTime
from runline.model.place import Place, place_of

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """One that stands still."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time


def moment_of(time: CheckpointTime) -> Place:
    return Place(time.time_ns() // 1000)


def test_it_is_the_database_s_time_while_there_is_one() -> None:
    time = CheckpointTime()
    with time.told_by(Clock()):
        assert moment_of(time) == place_of(NOON)
    assert moment_of(time) > place_of(NOON)


def test_it_is_later_than_the_newest_checkpoint_that_was_read() -> None:
    time = CheckpointTime()
    with time.told_by(clock := Clock()):
        for later in (place_of(NOON + timedelta(hours=1)), place_of(NOON)):
            time.pass_by(first_checkpoint_id(later) + "-8000-000000000000")
        assert moment_of(time) == place_of(NOON + timedelta(hours=1)).behind
        clock.time += timedelta(hours=2)
        assert moment_of(time) == place_of(NOON + timedelta(hours=2))


def test_ids_that_tell_no_time_change_nothing() -> None:
    time = CheckpointTime()
    with time.told_by(Clock()):
        for made_elsewhere in ("mine", "", "ffffffff-ffff-4fff-8000-000000000000"):
            time.pass_by(made_elsewhere)
        assert moment_of(time) == place_of(NOON)
