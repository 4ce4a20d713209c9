"""Runs that nobody claims: they are due, and wait for a graph that is not served here.

Another process may serve it, and takes them when it has a free slot. What has waited for longer than that takes is said
in the log, once, as it may wait for ever.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from runline.graphs.registry import GraphRegistry
from runline.kit.clock import Clock
from runline.storage.claims import ClaimStore

log = structlog.get_logger()

_PATIENCE = timedelta(seconds=60)
_LOOK_SECONDS = 60.0


class StrandedRuns:
    """Looks for them on behalf of this process."""

    def __init__(self, claims: ClaimStore, registry: GraphRegistry, clock: Clock) -> None:
        self._claims = claims
        self._registry = registry
        self._clock = clock
        self._said: set[str] = set()

    async def look_step(self) -> None:
        """Look, and rest; for a supervised loop."""
        await self.look()
        await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Say which graphs are waited for, unless it was said the last time."""
        before = self._clock.now() - _PATIENCE
        late = [each for each in await self._claims.stranded(self._registry.loaded) if each.since < before]
        for each in late:
            if each.graph_id not in self._said:
                log.warning(
                    "runs wait for a graph that is not served here",
                    graph_id=each.graph_id,
                    runs=each.runs,
                    since=each.since.isoformat(),
                )
        self._said = {each.graph_id for each in late}
