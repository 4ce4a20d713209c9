"""A time that is looked back on, and the buckets it is cut into. Pure but for the rules of the time zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

from runline.errors import Invalid

MOST_BUCKETS = 1000

_HOUR = timedelta(hours=1)


class Bucket(StrEnum):
    """How long a bucket is: a day as its time zone counts days, of 23 hours where clocks go forward, or an hour."""

    DAY = "day"
    HOUR = "hour"


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until`. `starts` are those of its buckets; the first may lie before `since`."""

    since: datetime
    until: datetime
    starts: Sequence[datetime]

    @classmethod
    def of(cls, since: datetime, until: datetime, bucket: Bucket, zone: tzinfo) -> Period:
        """Cut it at the borders of days or hours of the zone. Raises Invalid if it is empty or has too many."""
        try:
            # times of one zone are compared by what its clocks show
            since, until = since.astimezone(UTC), until.astimezone(UTC)
            if since >= until:
                raise Invalid("from: must be before to")
            return cls(since, until, _starts(since.astimezone(zone), until, bucket))
        except OverflowError as exc:
            raise Invalid("from, to: must be times that a calendar has") from exc

    @property
    def spans(self) -> list[tuple[datetime, datetime]]:
        """The buckets, as far as they lie within, in UTC: times of one zone are subtracted as clocks show them."""
        borders = [self.since, *(start.astimezone(UTC) for start in self.starts[1:]), self.until]
        return list(pairwise(borders))


def _starts(since: datetime, until: datetime, bucket: Bucket) -> list[datetime]:
    start = _floor(since, bucket)
    starts: list[datetime] = []
    while start < until:
        if len(starts) == MOST_BUCKETS:
            raise Invalid(f"from, to: must not be more than {MOST_BUCKETS} buckets apart")
        starts.append(start)
        start = _next(start, bucket)
    return starts


def _floor(moment: datetime, bucket: Bucket) -> datetime:
    hour = moment.replace(minute=0, second=0, microsecond=0)
    return hour if bucket is Bucket.HOUR else hour.replace(hour=0, fold=0)


def _next(start: datetime, bucket: Bucket) -> datetime:
    """Days are counted by the calendar, hours as they pass."""
    if bucket is Bucket.DAY:
        return start + timedelta(days=1)
    return (start.astimezone(UTC) + _HOUR).astimezone(start.tzinfo)
