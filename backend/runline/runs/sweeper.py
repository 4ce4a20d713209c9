"""Removes what has been kept for long enough."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog

from runline.kit.clock import Clock
from runline.storage.segments import SegmentStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Forgets stored streams `stored_retention_seconds` after their run's end."""

    segments: SegmentStore
    clock: Clock
    stored_retention_seconds: float

    async def sweep(self) -> None:
        """Do it once."""
        swept = await self.segments.sweep(self.clock.now() - timedelta(seconds=self.stored_retention_seconds))
        if swept:
            log.info("stored streams removed", segments=swept)
