"""Removes what has been kept for long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from runline.kit.clock import Clock
from runline.storage.deliveries import sweep_deliveries
from runline.storage.engine import Database
from runline.storage.idempotency import sweep_keys
from runline.storage.segments import SegmentStore
from runline.storage.undone_runs import sweep_undone

log = structlog.get_logger()

KEY_RETENTION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Forgets idempotency keys after a day, and the others when their retention has passed, in seconds.

    That of stored streams counts from their run's end, as that of runs that ended before they began; that of webhook
    deliveries from their own.
    """

    database: Database
    segments: SegmentStore
    clock: Clock
    stored_retention_seconds: float
    delivery_retention_seconds: float

    async def sweep(self) -> None:
        """Do it once."""
        now = self.clock.now()
        ended_before = now - timedelta(seconds=self.stored_retention_seconds)
        segments = await self.segments.sweep(ended_before)
        await self.database.write(lambda connection: sweep_undone(connection, ended_before))
        keys = await self.database.write(lambda connection: sweep_keys(connection, now - KEY_RETENTION))
        told_before = now - timedelta(seconds=self.delivery_retention_seconds)
        deliveries = await self.database.write(lambda connection: sweep_deliveries(connection, told_before))
        if segments or keys or deliveries:
            log.info("old rows removed", segments=segments, idempotency_keys=keys, webhook_deliveries=deliveries)
