"""Token usage: of a thread, of a run with its calls, and of all that the viewer ran in a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Literal

from fastapi import Depends, Query
from starlette.responses import Response

from runline.doors.http import CallDep, json_response, json_routes
from runline.doors.ids import RunId, ThreadId
from runline.doors.insight.words import period_usage_to_wire, run_usage_to_wire, thread_usage_to_wire
from runline.errors import Invalid
from runline.model.schedule import zone_of
from runline.model.usage_period import Bucket, Period

routes = json_routes("Insight")

_LOOK_BACK = {Bucket.DAY: timedelta(days=30), Bucket.HOUR: timedelta(days=1)}
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=31)

Group = Literal["model", "caller", "assistant", "user", "thread", "node"]


@routes.get("/threads/{thread_id}/token-usage")
async def get_thread_usage(thread_id: ThreadId, call: CallDep, include_active: bool = False) -> Response:
    """What the calls of models on a thread came to: of the runs that have ended, or of all."""
    usage = await call.core.insight.thread_usage(call.viewer, thread_id, include_active=include_active)
    return json_response(thread_usage_to_wire(thread_id, usage))


@routes.get("/threads/{thread_id}/runs/{run_id}/token-usage")
async def get_run_usage(thread_id: ThreadId, run_id: RunId, call: CallDep) -> Response:
    """What the calls of models in a run came to so far, and each of them; also of a run that is gone."""
    usage = await call.core.insight.usage.of_run(call.viewer, thread_id, run_id)
    return json_response(run_usage_to_wire(thread_id, run_id, usage))


@dataclass(frozen=True, slots=True)
class _Wanted:
    period: Period
    group_by: Group | None


async def _wanted_in_query(
    call: CallDep,
    bucket: Bucket = Bucket.DAY,
    group_by: Group | None = None,
    since: Annotated[str | None, Query(alias="from")] = None,
    until: Annotated[str | None, Query(alias="to")] = None,
    tz: str | None = None,
) -> _Wanted:
    """The last 30 days, or the last 24 hours by the hour, unless it says otherwise."""
    zone = zone_of(tz)
    end = _moment("to", until, zone) if until is not None else call.core.runs.clock.now()
    # a calendar begins somewhere, and a time may be too near to that to look back
    start = _moment("from", since, zone) if since is not None else max(end, _FIRST) - _LOOK_BACK[bucket]
    return _Wanted(Period.of(start, end, bucket, zone), group_by)


def _moment(name: str, text: str, zone: tzinfo) -> datetime:
    """ISO 8601; without an offset it is what clocks show in the zone."""
    try:
        # Python reads up to a NUL
        moment = datetime.fromisoformat(text.replace("\0", "NUL"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise Invalid(f"{name}: must be a time in ISO 8601") from exc


@routes.get("/usage")
async def get_usage(call: CallDep, wanted: Annotated[_Wanted, Depends(_wanted_in_query)]) -> Response:
    """What all calls of models in a time came to: by bucket, by group, and in total."""
    usage = await call.core.insight.periods.of_period(call.viewer, wanted.period, wanted.group_by)
    return json_response(period_usage_to_wire(wanted.period, usage))
