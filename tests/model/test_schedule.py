"""Schedule: when an expression comes due, by the clock of its zone, also on the days when that clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.exploring import exploration
from runline.errors import Invalid
from runline.model.schedule import Schedule

NOON = "2026-11-20T12:00:00"
NEW_YORK, CAIRO, LORD_HOWE, SAMOA = "America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticks(expression: str, zone: str | None, after: str, count: int) -> list[str]:
    coming = islice(Schedule(expression, zone).ticks(moment(after)), count)
    return [tick.replace(tzinfo=None).isoformat() for tick in coming]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*/5 * * * *", ["2026-11-20T12:05:00", "2026-11-20T12:10:00"]),
        ("0 9 * * MON-FRI", ["2026-11-23T09:00:00", "2026-11-24T09:00:00"]),
        ("0 9 * * 0", ["2026-11-22T09:00:00", "2026-11-29T09:00:00"]),
        ("0 9 * * 7", ["2026-11-22T09:00:00", "2026-11-29T09:00:00"]),
        ("0 9 ? * MON#1", ["2026-12-07T09:00:00", "2027-01-04T09:00:00"]),
        ("0 0 L * *", ["2026-11-30T00:00:00", "2026-12-31T00:00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
        ("0 0 1 1 * 30", ["2027-01-01T00:00:30", "2028-01-01T00:00:30"]),
        ("* * * * * */20", ["2026-11-20T12:00:20", "2026-11-20T12:00:40"]),
        ("@hourly", ["2026-11-20T13:00:00", "2026-11-20T14:00:00"]),
        ("@Daily", ["2026-11-21T00:00:00", "2026-11-22T00:00:00"]),
        ("@midnight", ["2026-11-21T00:00:00", "2026-11-22T00:00:00"]),
        ("@weekly", ["2026-11-22T00:00:00", "2026-11-29T00:00:00"]),
        ("@monthly", ["2026-12-01T00:00:00", "2027-01-01T00:00:00"]),
        ("@yearly", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
        ("@annually", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
    ],
)
def test_a_schedule_comes_due_when_its_expression_says(expression: str, expected: list[str]) -> None:
    assert ticks(expression, None, NOON, 2) == expected


def test_a_tick_is_later_than_the_moment_it_is_asked_after() -> None:
    assert ticks("0 12 * * *", None, NOON, 1) == ["2026-11-21T12:00:00"]
    assert ticks("0 12 * * *", None, "2026-11-20T11:59:59.999999", 1) == ["2026-11-20T12:00:00"]


def test_hours_are_those_of_the_zone() -> None:
    assert ticks("0 9 * * *", NEW_YORK, NOON, 1) == ["2026-11-20T14:00:00"]
    assert ticks("0 9 * * *", NEW_YORK, "2026-07-01T12:00:00", 1) == ["2026-07-01T13:00:00"]


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # clocks go from 02:00 to 03:00: what lies between happens at 03:00, once
        ("30 2 * * *", NEW_YORK, "2026-03-07T12:00:00", ["2026-03-08T07:00:00", "2026-03-09T06:30:00"]),
        ("30 2 * * * 15", NEW_YORK, "2026-03-07T12:00:00", ["2026-03-08T07:00:00", "2026-03-09T06:30:15"]),
        ("0,30 2,3 * * *", NEW_YORK, "2026-03-08T01:00:00", ["2026-03-08T07:00:00", "2026-03-08T07:30:00"]),
        ("0 0 * * *", CAIRO, "2026-04-23T12:00:00", ["2026-04-23T22:00:00", "2026-04-24T21:00:00"]),
        ("15 2 * * *", LORD_HOWE, "2026-10-02T20:00:00", ["2026-10-03T15:30:00", "2026-10-04T15:15:00"]),
        # a day that was not
        ("0 9 30 12 *", SAMOA, "2011-12-28T12:00:00", ["2011-12-30T10:00:00", "2012-12-29T19:00:00"]),
        # clocks go from 02:00 back to 01:00: the first of the two
        ("30 1 * * *", NEW_YORK, "2026-10-31T12:00:00", ["2026-11-01T05:30:00", "2026-11-02T06:30:00"]),
        ("30 1 * * * 0", NEW_YORK, "2026-10-31T12:00:00", ["2026-11-01T05:30:00", "2026-11-02T06:30:00"]),
        # asked in the second of the two hours
        ("30 1 * * *", NEW_YORK, "2026-11-01T06:10:00", ["2026-11-02T06:30:00"]),
        # a star counts what passes
        ("0 * * * *", NEW_YORK, "2026-11-01T04:30:00", ["2026-11-01T05:00:00", "2026-11-01T06:00:00"]),
        ("*/30 1 * * *", NEW_YORK, "2026-11-01T05:20:00", ["2026-11-01T05:30:00", "2026-11-01T06:00:00"]),
        ("0 * * * *", NEW_YORK, "2026-03-08T06:30:00", ["2026-03-08T07:00:00", "2026-03-08T08:00:00"]),
    ],
)
def test_where_clocks_are_changed_it_comes_due_as_people_expect(
    expression: str, zone: str, after: str, expected: list[str]
) -> None:
    assert ticks(expression, zone, after, len(expected)) == expected


ZONES = [NEW_YORK, CAIRO, LORD_HOWE, "Europe/Dublin", "America/Havana", "Asia/Beirut", "Africa/Casablanca", "UTC"]
YEAR = timedelta(days=366)


@exploration(40)
@given(
    zone=st.sampled_from(ZONES),
    after=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    hour=st.integers(0, 4),
    minute=st.integers(0, 59),
)
def test_a_daily_schedule_comes_due_once_on_every_day_of_a_year(
    zone: str, after: datetime, hour: int, minute: int
) -> None:
    noon = after.replace(hour=12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    coming = Schedule(f"{minute} {hour} * * *", zone, noon + YEAR).ticks(noon)
    days = [tick.astimezone(ZoneInfo(zone)).date() for tick in coming]
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
    assert len(days) == YEAR.days


def test_nothing_comes_due_after_the_end_time() -> None:
    schedule = Schedule("0 * * * *", end_time=moment("2026-11-20T14:00:00"))

    assert list(schedule.ticks(moment(NOON))) == [moment("2026-11-20T13:00:00"), moment("2026-11-20T14:00:00")]
    assert schedule.next_tick(moment("2026-11-20T14:00:00")) is None


UNREADABLE = """
bad
* * * *
0 0 0 1 1 *
* * * * * 60
0 0 1 1 * 30 2030
@reboot
60 * * * *
0 9 * * ²L
0 0 30 2 *
*/0 * * * *
1,,2 * * * *
5-1 * * * *
\0 * * * *"""


@pytest.mark.parametrize("expression", [*UNREADABLE.split("\n"), "1 " * 4000, f"{'9' * 5000} * * * *"])
def test_an_expression_that_cannot_be_read_is_invalid(expression: str) -> None:
    with pytest.raises(Invalid, match="Invalid cron schedule"):
        Schedule(expression).next_tick(moment(NOON))


@pytest.mark.parametrize(
    "zone", ["Mars/Phobos", "", "Europe", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000, "zone.tab", "é"]
)
def test_a_zone_that_does_not_exist_is_invalid(zone: str) -> None:
    with pytest.raises(Invalid, match="Invalid timezone"):
        Schedule("@daily", zone).next_tick(moment(NOON))


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [("* * * * * *", 1), ("* * * * * 0,5", 5), ("* * * * *", 60), ("0,5 9 * * *", 300), ("@hourly", 3600)],
)
def test_the_shortest_period_is_the_least_time_between_two_ticks(expression: str, seconds: int) -> None:
    assert Schedule(expression, NEW_YORK).shortest_period(moment(NOON)) == timedelta(seconds=seconds)


def test_what_comes_due_less_than_twice_in_the_coming_year_has_no_shortest_period() -> None:
    assert Schedule("@yearly").shortest_period(moment(NOON)) is None
