"""Bodies of crons to what they ask for."""

from __future__ import annotations

from typing import Any

from runline.doors.http import WireOptions
from runline.doors.platform.cron_schemas import CronFields, CronPatchBody, StatelessCronBody, ThreadCronBody
from runline.doors.platform.specs import run_fields
from runline.errors import BadRequest
from runline.model.cron import CronChange
from runline.model.lifecycle import MultitaskStrategy
from runline.model.run import RunSpec
from runline.model.schedule import Schedule

_SCHEDULE = {"schedule": "expression", "timezone": "timezone", "end_time": "end_time"}


def schedule_of(body: ThreadCronBody | StatelessCronBody) -> Schedule:
    """When the cron is to come due."""
    return Schedule(body.schedule, body.timezone, body.end_time)


def thread_cron_spec(body: ThreadCronBody, wire: WireOptions) -> RunSpec:
    """What the runs on the cron's thread are asked to be. Raises Invalid."""
    return RunSpec(body.assistant_id, **_fields(body, wire))


def stateless_cron_spec(body: StatelessCronBody, wire: WireOptions) -> RunSpec:
    """What the runs are asked to be, each on a thread that is made for it. Raises Invalid."""
    keep = body.on_run_completed == "keep"
    fields = _fields(body, wire)
    return RunSpec(body.assistant_id, **fields, create_thread=True, temporary=True, keep_thread=keep)


def cron_change(body: CronPatchBody, wire: WireOptions) -> CronChange:
    """What is to become of a cron, by the fields that are there. Raises Invalid, BadRequest if none is."""
    sent = body.model_fields_set
    if not sent:
        raise BadRequest("Request body cannot be empty")
    if "checkpoint_during" in sent:
        sent = sent | {"durability"}
    spec = {name: value for name, value in _fields(body, wire).items() if name in sent}
    if body.on_run_completed:
        spec["keep_thread"] = body.on_run_completed == "keep"
    schedule = {own: getattr(body, name) for name, own in _SCHEDULE.items() if name in sent}
    return CronChange(body.enabled, schedule, spec)


def _fields(body: CronFields, wire: WireOptions) -> dict[str, Any]:
    return {
        **run_fields(body, wire),
        "multitask_strategy": body.multitask_strategy or MultitaskStrategy.ENQUEUE,
    }
