"""The outbox: a run's end is written down for its webhook by the very transaction that ends the run.

So no end that happened can stay untold, and none is told that did not happen.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from runline.kit.ids import new_id
from runline.model.delivery import ROLLED_BACK, DeliveryStatus, RunEnd, receiver_of
from runline.model.lifecycle import RunStatus, StopReason, stop_error
from runline.model.run import Run, RunOutcome
from runline.storage.engine import tell
from runline.storage.tables import webhook_deliveries

_INSERT = insert(webhook_deliveries)


def post_end(connection: Connection, run: Run, outcome: RunOutcome, now: datetime) -> None:
    """The run ends with this outcome: tell its webhook, if it has one."""
    error = outcome.error or (stop_error(outcome.stopped_by) if outcome.stopped_by else None)
    ended = replace(run, status=outcome.status, error=outcome.error)
    _post(connection, RunEnd(ended, outcome.status, now, outcome.values, error))


def post_stop(connection: Connection, run: Run, reason: StopReason, now: datetime, values: Any = None) -> None:
    """The run ends because of a stop, with these values left on its thread.

    A deletion is not told: it is its owner's word that nobody needs the run any more.
    """
    if reason is StopReason.ROLLBACK:
        _post(connection, RunEnd(run, ROLLED_BACK, now, values, stop_error(reason)))
    elif reason is not StopReason.DELETE:
        post_end(connection, run, RunOutcome(RunStatus.INTERRUPTED, None, values, reason), now)


def _post(connection: Connection, end: RunEnd) -> None:
    run = end.run
    if run.spec.webhook is None:
        return
    row = {
        "delivery_id": new_id(),
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "owner": run.owner,
        "url": run.spec.webhook,
        "receiver": receiver_of(run.spec.webhook),
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "created_at": end.ended_at,
        "next_attempt_at": end.ended_at,
        "told": {
            "run": replace(run, updated_at=end.ended_at, ended_at=end.ended_at),
            "status": end.status,
            "ended_at": end.ended_at,
            "values": end.values,
            "error": end.error,
        },
    }
    tell(connection, _INSERT, row)
