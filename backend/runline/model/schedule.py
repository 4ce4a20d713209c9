"""When a cron comes due: an expression of five or six fields, read in a time zone. Pure but for the zone's rules.

Divergence 42: where clocks are changed, a schedule that names its hours and minutes comes due as people expect: at a
time that is skipped, at the end of the gap; at a time that is shown twice, at the first of the two. One with a star in
its minutes or hours counts the time that passes, and so meets the repeated hour twice and the skipped one never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from runline.errors import Invalid

_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_LONGEST = 200
_SHOWN = 60
_ONE_MINUTE = timedelta(minutes=1)
_COMPARED_TICKS = 61
_COMPARED_TIME = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`expression`: minute, hour, day, month, weekday, and seconds last if it has six fields; or an alias (@daily).

    `timezone` is an IANA name; None means UTC. It comes due at `end_time` at the latest.
    """

    expression: str
    timezone: str | None = None
    end_time: datetime | None = None

    def ticks(self, after: datetime) -> Iterator[datetime]:
        """The moments after `after` at which it comes due, in UTC, each later than the one before.

        Ends at `end_time`, or when none comes for fifty years. Raises Invalid for what cannot be read.
        """
        zone = zone_of(self.timezone)
        fields = self._fields()
        local = after.astimezone(zone)
        at_named_times = not any(field.startswith("*") for field in fields[1:3])
        latest = after
        for tick in self._simulated(fields, local.replace(tzinfo=None) if at_named_times else local):
            moment = _shown_at(tick, zone) if at_named_times else tick.astimezone(UTC)
            if self.end_time is not None and moment > self.end_time:
                return
            if moment > latest:
                latest = moment
                yield moment

    def next_tick(self, after: datetime) -> datetime | None:
        """The first tick after `after`; None if there is none. Raises as `ticks`."""
        return next(self.ticks(after), None)

    def shortest_period(self, after: datetime) -> timedelta | None:
        """The least time between two of the next 61 ticks of the coming year; None if fewer than two come."""
        coming = takewhile(lambda tick: tick <= after + _COMPARED_TIME, self.ticks(after))
        return min((later - tick for tick, later in pairwise(islice(coming, _COMPARED_TICKS))), default=None)

    def _fields(self) -> list[str]:
        """Six fields, seconds first."""
        text = _ALIASES.get(self.expression.strip().lower(), self.expression)
        fields = ["*" if field == "?" else field for field in text.split()]
        if len(fields) not in (5, 6) or len(text) > _LONGEST:
            raise self._invalid("it must have five fields, or six with the seconds last")
        seconds = fields[5] if len(fields) == 6 else "0"
        return [seconds, *fields[:5]]

    def _simulated(self, fields: list[str], local: datetime) -> CronSim:
        try:
            return CronSim(" ".join(fields), local)
        except CronSimError as exc:
            raise self._invalid(str(exc)) from exc

    def _invalid(self, reason: str) -> Invalid:
        return Invalid(f"Invalid cron schedule: '{self.expression[:_SHOWN]}'. Reason: {reason}.")


def zone_of(name: str | None) -> tzinfo:
    """The rules of an IANA time zone; UTC for None. Raises Invalid."""
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as exc:
        raise Invalid(
            f"Invalid timezone: '{name[:_SHOWN]}'. Use IANA timezone format (e.g. 'America/New_York')."
        ) from exc


def _shown_at(local: datetime, zone: tzinfo) -> datetime:
    """When a clock on the wall first shows this; or, if it is put forward over it, when that happens."""
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    while moment.astimezone(zone).replace(tzinfo=None) != local:
        local = local.replace(second=0) + _ONE_MINUTE
        moment = local.replace(tzinfo=zone).astimezone(UTC)
    return moment
