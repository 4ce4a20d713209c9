"""How crons are spelled on the platform's wire."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from runline.doors.words import known_moment, moment_to_wire
from runline.model.cron import Cron
from runline.model.run import RunSpec


def cron_to_wire(cron: Cron) -> dict[str, Any]:
    """A Cron object; a cron belongs to its `user_id`."""
    return {
        "cron_id": cron.cron_id,
        "assistant_id": cron.spec.assistant_id,
        "thread_id": cron.thread_id,
        "user_id": cron.owner,
        "end_time": known_moment(cron.schedule.end_time),
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "payload": _payload(cron),
        "next_run_date": cron.next_run_date.isoformat(timespec="seconds") if cron.next_run_date else None,
        "metadata": cron.spec.metadata,
        "on_run_completed": cron.on_run_completed,
        "enabled": cron.enabled,
        "last_error": cron.last_error,
        "created_at": moment_to_wire(cron.created_at),
        "updated_at": moment_to_wire(cron.updated_at),
    }


def _payload(cron: Cron) -> dict[str, Any]:
    """The schedule, and what every run is asked for with, without defaults; `config` names the cron."""
    usual = asdict(RunSpec(assistant_id=""))
    asked = {name: value for name, value in asdict(cron.spec).items() if value != usual[name]}
    for name in ("create_thread", "temporary", "keep_thread"):
        asked.pop(name, None)
    configurable = {**cron.spec.config.get("configurable", {}), "cron_id": cron.cron_id}
    config = {**cron.spec.config, "configurable": configurable}
    schedule = {
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "end_time": known_moment(cron.schedule.end_time),
    }
    return {**asked, **{name: value for name, value in schedule.items() if value is not None}, "config": config}
