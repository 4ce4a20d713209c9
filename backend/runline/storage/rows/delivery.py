"""`webhook_deliveries`: the log of webhooks, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from runline.model.delivery import Delivery, DeliveryStatus, RunEnd
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runline.storage.rows.reading import sound
from runline.storage.rows.run import spec_from_json


def delivery_from_row(row: Row[Any]) -> Delivery:
    """What a `webhook_deliveries` row logs. Raises Unreadable."""
    return sound("Webhook delivery", row, _delivery)


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        run_id=row.run_id,
        thread_id=row.thread_id,
        url=row.url,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        last_attempt_at=row.last_attempt_at,
        ended_at=row.ended_at,
        status_code=row.status_code,
        error=row.error,
    )


_MOMENTS = ("created_at", "updated_at", "due_at", "started_at", "ended_at")


def run_end_from_row(row: Row[Any]) -> RunEnd:
    """What a `webhook_deliveries` row has to tell. Raises Unreadable."""
    return sound("Webhook delivery", row, _run_end)


def _run_end(row: Row[Any]) -> RunEnd:
    run = row.told["run"]
    moments = {name: datetime.fromisoformat(run[name]) for name in _MOMENTS if run[name]}
    spec, status = spec_from_json(run["spec"]), RunStatus(run["status"])
    return RunEnd(
        run=Run(**{**run, **moments, "spec": spec, "status": status}),
        status=row.told["status"],
        ended_at=datetime.fromisoformat(row.told["ended_at"]),
        values=row.told["values"],
        error=row.told["error"],
    )
