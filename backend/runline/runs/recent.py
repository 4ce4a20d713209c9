"""Stateless runs: their rows go when they end, but their streams can be read again for as long as they are kept."""

from __future__ import annotations

from dataclasses import replace

from runline.model.run import Run
from runline.streams.contracts import StreamBridge

_CLEARING_STEP = 256


class RecentRuns:
    """Remembers who owns a stream for exactly as long as the bridge keeps it."""

    def __init__(self, bridge: StreamBridge) -> None:
        self._bridge = bridge
        self._runs: dict[str, Run] = {}
        self._next_clearing = _CLEARING_STEP

    def remember(self, run: Run) -> None:
        """Note a run at its creation."""
        # what was asked for is not needed again, and may be large
        self._runs[run.run_id] = replace(run, spec=replace(run.spec, input=None, command=None))
        if len(self._runs) >= self._next_clearing:
            self._runs = {run_id: run for run_id, run in self._runs.items() if self._bridge.knows(run_id)}
            self._next_clearing = 2 * len(self._runs) + _CLEARING_STEP

    async def find(self, run_id: str) -> Run | None:
        """The run as it was noted, if its stream is still kept."""
        run = self._runs.get(run_id)
        return run if run and await self._bridge.reach(run_id, None) else None
