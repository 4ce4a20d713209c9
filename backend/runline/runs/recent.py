"""Stateless runs: their rows go when they end, but their streams can be read again for as long as they are kept."""

from __future__ import annotations

from runline.model.run import Run
from runline.streams.contracts import StreamBridge


class RecentRuns:
    """Remembers who owns a stream for exactly as long as the bridge keeps it."""

    def __init__(self, bridge: StreamBridge) -> None:
        self._bridge = bridge
        # in order of their creation, so that the oldest are forgotten first
        self._runs: dict[str, Run] = {}

    def remember(self, run: Run) -> None:
        """Note a run at its creation."""
        self._runs[run.run_id] = run
        self._forget()

    def find(self, run_id: str) -> Run | None:
        """The run as it was noted, if its stream is still kept."""
        return self._runs.get(run_id) if self._bridge.knows(run_id) else None

    def _forget(self) -> None:
        for run_id in list(self._runs):
            if self._bridge.knows(run_id):
                return
            del self._runs[run_id]
