"""The clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from runline.kit.clock import SystemClock, ToldClock


def test_the_system_clock_tells_aware_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert before <= now <= datetime.now(UTC)
    assert now.tzinfo is UTC


def test_a_told_clock_goes_on_by_itself_from_what_it_was_told() -> None:
    clock = ToldClock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    clock.hear(1_000_000_000.0, asked=time.monotonic())
    first = clock.now()
    assert first.year == 2001
    assert clock.now() >= first


def test_a_told_clock_heeds_only_what_the_way_there_and_back_does_not_explain() -> None:
    clock = ToldClock()
    asked = time.monotonic() - 2000
    clock.hear(1_000_000_000.0, asked=time.monotonic())
    before = clock.now()
    clock.hear(999_999_500.0, asked=asked)
    assert abs(clock.now() - before) < timedelta(seconds=400)
    clock.hear(1_000_000_500.0, asked=asked)
    assert clock.now() - before > timedelta(seconds=1400)
