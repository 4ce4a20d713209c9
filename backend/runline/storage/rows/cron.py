"""`crons`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from runline.model.cron import Cron
from runline.model.schedule import Schedule
from runline.storage.rows.reading import sound
from runline.storage.rows.run import spec_from_json, spec_to_json


def cron_from_row(row: Row[Any]) -> Cron:
    """A `crons` row. Raises Unreadable."""
    return sound("Cron", row, _cron)


def _cron(row: Row[Any]) -> Cron:
    return Cron(
        cron_id=row.cron_id,
        owner=row.owner,
        thread_id=row.thread_id,
        schedule=Schedule(row.schedule, row.timezone, row.end_time),
        spec=spec_from_json(row.spec),
        created_at=row.created_at,
        updated_at=row.updated_at,
        enabled=bool(row.enabled),
        next_run_date=row.next_run_date,
        last_error=row.last_error,
    )


def cron_to_row(cron: Cron) -> dict[str, Any]:
    """The columns of a `crons` row."""
    return {
        "cron_id": cron.cron_id,
        "owner": cron.owner,
        "assistant_id": cron.spec.assistant_id,
        "thread_id": cron.thread_id,
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "end_time": cron.schedule.end_time,
        "enabled": int(cron.enabled),
        "next_run_date": cron.next_run_date,
        "last_error": cron.last_error,
        "created_at": cron.created_at,
        "updated_at": cron.updated_at,
        "metadata": cron.spec.metadata,
        "spec": spec_to_json(cron.spec),
    }
