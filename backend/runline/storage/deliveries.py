"""Webhook deliveries: take what is due, write down how it went, show and forget what is over.

An attempt counts as it begins, and the row comes due again by itself if nobody says how it ended: at least once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import structlog
from sqlalchemy import Connection, Row, bindparam, delete, select, update

from runline.errors import RunNotFound, Unreadable
from runline.kit.clock import Clock
from runline.model.delivery import Delivery, DeliveryStatus, RunEnd, full_receivers, has_share
from runline.model.token_usage import NO_USAGE
from runline.model.viewer import Viewer
from runline.storage.engine import Database, reads, writes
from runline.storage.rows import delivery_from_row, readable, run_end_from_row
from runline.storage.tables import is_undelivered, runs, webhook_deliveries
from runline.storage.usage import usage_by_run

log = structlog.get_logger()

_NO_CALLS: Mapping[str, int] = MappingProxyType({})

_LOG = [column for column in webhook_deliveries.c if column.name not in ("owner", "told")]
_IS_OPEN = webhook_deliveries.c.receiver.not_in(bindparam("full", expanding=True))
_DUE = (
    select(webhook_deliveries.c.delivery_id, webhook_deliveries.c.receiver)
    .where(is_undelivered(), webhook_deliveries.c.next_attempt_at <= bindparam("now"), _IS_OPEN)
    .where(webhook_deliveries.c.delivery_id.not_in(bindparam("chosen", expanding=True)))
    .order_by(webhook_deliveries.c.next_attempt_at)
    .limit(bindparam("most"))
)
_NEXT = (
    select(webhook_deliveries.c.next_attempt_at)
    .where(is_undelivered(), _IS_OPEN)
    .order_by(webhook_deliveries.c.next_attempt_at)
    .limit(1)
)
_TAKE = (
    update(webhook_deliveries)
    .where(
        webhook_deliveries.c.delivery_id == bindparam("key"),
        is_undelivered(),
        webhook_deliveries.c.next_attempt_at <= bindparam("now"),
    )
    .values(attempts=webhook_deliveries.c.attempts + 1)
    .returning(*_LOG, webhook_deliveries.c.told)
)
_GIVE_UP = update(webhook_deliveries).where(webhook_deliveries.c.delivery_id == bindparam("key"))
_RECORD = update(webhook_deliveries).where(
    webhook_deliveries.c.delivery_id == bindparam("key"),
    webhook_deliveries.c.attempts == bindparam("token"),
    is_undelivered(),
)
_OF_RUN = (
    select(*_LOG)
    .where(
        webhook_deliveries.c.run_id == bindparam("run"),
        webhook_deliveries.c.thread_id == bindparam("thread"),
        webhook_deliveries.c.owner == bindparam("viewer"),
    )
    .order_by(webhook_deliveries.c.created_at)
)
_RUN = select(runs.c.run_id).where(
    runs.c.run_id == bindparam("run"),
    runs.c.thread_id == bindparam("thread"),
    runs.c.owner == bindparam("viewer"),
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery whose next attempt has begun, and what it has to tell."""

    delivery: Delivery
    end: RunEnd


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended. It failed if there is an `error`, for good unless it is to be tried again at `again_at`."""

    status_code: int | None = None
    error: str | None = None
    again_at: datetime | None = None


class DeliveryStore:
    """The `webhook_deliveries` table, which `storage/outbox.py` fills."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def take(self, most: int, lease_seconds: float, calls: Mapping[str, int] = _NO_CALLS) -> list[Taken]:
        """Begin the next attempt of up to `most` due deliveries, the longest-waiting first.

        `calls`: how often each receiver is being called now; none takes more than its share (`has_share`). A delivery
        whose result is not recorded within the lease is due again.
        """
        due = await self._due(most, Counter(calls))
        return await self._take(due, timedelta(seconds=lease_seconds)) if due else []

    @reads
    def _due(self, connection: Connection, most: int, calls: Counter[str]) -> Sequence[str]:
        chosen: list[str] = []
        now = self._clock.now()
        while free := most - len(chosen):
            key = {"now": now, "most": free, "full": full_receivers(calls, free), "chosen": chosen}
            rows = connection.execute(_DUE, key).all()
            for row in rows:
                if has_share(calls[row.receiver], most - len(chosen)):
                    chosen.append(row.delivery_id)
                    calls[row.receiver] += 1
            if len(rows) < free:
                break
        return chosen

    @writes
    def _take(self, connection: Connection, delivery_ids: Sequence[str], lease: timedelta) -> list[Taken]:
        now = self._clock.now()
        changes = {"now": now, "next_attempt_at": now + lease, "last_attempt_at": now}
        rows = [connection.execute(_TAKE, {"key": each, **changes}).one_or_none() for each in delivery_ids]
        taken = [_taken(connection, row, now) for row in rows if row]
        return [each for each in taken if each]

    @reads
    def next_due(self, connection: Connection, full: Sequence[str] = ()) -> datetime | None:
        """When the next attempt is due, but at the receivers that are `full`; None if there is none."""
        due: datetime | None = connection.execute(_NEXT, {"full": list(full)}).scalar_one_or_none()
        return due

    @writes
    def record(self, connection: Connection, delivery: Delivery, result: Result) -> None:
        """Write down how the attempt ended that `delivery` was taken for, unless a later one has begun."""
        changes: dict[str, Any] = {"status_code": result.status_code, "error": result.error}
        if result.again_at:
            changes["next_attempt_at"] = result.again_at
        else:
            changes |= _over(DeliveryStatus.FAILED if result.error else DeliveryStatus.DELIVERED, self._clock.now())
        connection.execute(_RECORD, {"key": delivery.delivery_id, "token": delivery.attempts, **changes})

    @reads
    def list_of_run(self, connection: Connection, viewer: Viewer, thread_id: str, run_id: str) -> list[Delivery]:
        """The deliveries of a run, which may be gone itself. Raises RunNotFound if neither it nor any is there."""
        wanted = {"run": run_id, "thread": thread_id, "viewer": viewer.identity}
        rows = connection.execute(_OF_RUN, wanted).all()
        if not rows and connection.execute(_RUN, wanted).one_or_none() is None:
            raise RunNotFound(run_id)
        return readable(rows, delivery_from_row)


def _taken(connection: Connection, row: Row[Any], now: datetime) -> Taken | None:
    """None for a row that cannot be read: it is given up, or it would come due for ever."""
    try:
        usage = usage_by_run(connection, [row.run_id]).get(row.run_id, NO_USAGE)
        return Taken(delivery_from_row(row), replace(run_end_from_row(row), usage=usage))
    except Unreadable as exc:
        log.warning("a webhook is given up", reason=str(exc))
        end = _over(DeliveryStatus.FAILED, now)
        connection.execute(_GIVE_UP, {"key": row.delivery_id, "error": str(exc), **end})
        return None


def _over(status: DeliveryStatus, now: datetime) -> dict[str, Any]:
    return {"status": status, "ended_at": now, "next_attempt_at": None, "told": None}


def sweep_deliveries(connection: Connection, ended_before: datetime) -> int:
    """Forget deliveries that were over before this moment; returns how many."""
    swept = connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.ended_at < ended_before))
    return swept.rowcount
