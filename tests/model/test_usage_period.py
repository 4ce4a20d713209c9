"""How a time is cut into days and hours of a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.exploring import exploration
from runline.errors import Invalid
from runline.model.usage_period import MOST_BUCKETS, Bucket, Period

ZONES = ("UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia")
FIRST = datetime(2001, 1, 1, tzinfo=UTC)


@exploration(200)
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    bucket=st.sampled_from(Bucket),
    minutes=st.integers(0, 25 * 365 * 24 * 60),
    length=st.integers(1, 40 * 24 * 60),
)
def test_buckets_cover_a_time_without_gap_and_begin_where_clocks_say(
    zone: ZoneInfo, bucket: Bucket, minutes: int, length: int
) -> None:
    since = FIRST + timedelta(minutes=minutes)
    until = since + timedelta(minutes=length)

    period = Period.of(since, until, bucket, zone)

    spans = period.spans
    assert (spans[0][0], spans[-1][1]) == (since, until)
    assert all(one[1] == other[0] for one, other in pairwise(spans))
    assert all(begin <= end for begin, end in spans)
    assert all(start.minute == start.second == 0 for start in period.starts)
    if bucket is Bucket.DAY:
        assert all(start.hour == 0 for start in period.starts)
        assert len({start.date() for start in period.starts}) == len(period.starts)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/Sao_Paulo", (2018, 11, 4), 23),
        ("America/Havana", (2025, 11, 2), 25),
        ("Pacific/Apia", (2011, 12, 30), 0),
        ("UTC", (2026, 3, 29), 24),
    ],
)
def test_a_day_has_the_hours_that_its_zone_gives_it(zone: str, day: tuple[int, int, int], hours: int) -> None:
    """In Sao Paulo midnight itself was skipped; in Havana it comes twice; in Apia the whole day did not happen."""
    rules = ZoneInfo(zone)
    begin = datetime(*day, tzinfo=rules)
    since = begin - timedelta(days=2)

    period = Period.of(since, begin + timedelta(days=3), Bucket.DAY, rules)

    lengths = {start.date(): end - begin for start, (begin, end) in zip(period.starts, period.spans, strict=True)}
    assert lengths.get(begin.date(), timedelta(0)) == timedelta(hours=hours)


def test_a_time_that_is_empty_too_long_or_beyond_the_calendar_is_refused() -> None:
    for since, until, reason in (
        (FIRST, FIRST, "before"),
        (FIRST, FIRST - timedelta(days=1), "before"),
        (FIRST, FIRST + timedelta(days=MOST_BUCKETS, seconds=1), "1000 buckets"),
        (datetime.max.replace(tzinfo=UTC) - timedelta(hours=1), datetime.max.replace(tzinfo=UTC), "calendar"),
    ):
        with pytest.raises(Invalid, match=reason):
            Period.of(since, until, Bucket.DAY, UTC)
    assert len(Period.of(FIRST, FIRST + timedelta(days=MOST_BUCKETS), Bucket.DAY, UTC).starts) == MOST_BUCKETS
