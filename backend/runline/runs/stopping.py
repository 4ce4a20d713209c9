"""Stopping runs, wherever they are: pending, executing here, or on another node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from runline.errors import RunNotFound, Unavailable
from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run
from runline.model.viewer import Viewer
from runline.runs.meters import Meters
from runline.runs.outcome import success_result
from runline.runs.webhooks import Webhooks
from runline.runs.worker import Worker
from runline.storage.runs import RunFilter, RunStore
from runline.streams.contracts import Bell, StopBell, StreamBridge, ThreadBells

_FIRST_PAUSE_SECONDS = 0.01
_LAST_PAUSE_SECONDS = 0.25
"""Between looks at a run that ends elsewhere."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """What the stop of a run takes: its row, whoever executes it, and all who wait for its end."""

    runs: RunStore
    worker: Worker
    bridge: StreamBridge
    webhooks: Webhooks
    bell: Bell
    stop_bell: StopBell
    thread_bells: ThreadBells
    log_bells: ThreadBells
    meters: Meters

    async def request(self, viewer: Viewer, wanted: RunFilter, reason: StopReason) -> Sequence[Run]:
        """Ask the viewer's active runs among `wanted` to stop; returns them as they were."""
        stopping = await self.runs.request_stop(viewer, wanted, reason)
        self.tell(stopping, reason)
        return stopping

    def tell(self, stopping: Sequence[Run], reason: StopReason) -> None:
        """Tell the workers of started runs; end the streams of the others, which the store has ended."""
        for run in stopping:
            if run.started:
                self.worker.stop(run.run_id, reason)
                if run.run_id not in self.worker.live:
                    self.stop_bell.ring(run.run_id, reason)
            else:
                self.bridge.close(run.run_id, success_result(None))
                self.meters.stopped(run, reason)
                self.log_bells.ring(run.thread_id)
                self.thread_bells.ring(run.thread_id)
        self.webhooks.ended(stopping)
        self.bell.ring()

    async def ended(self, viewer: Viewer, run_id: str) -> None:
        """Wait until a run that was told to stop executes nowhere. Raises Unavailable when this process shuts down."""
        await self.worker.ended(run_id)
        pause = _FIRST_PAUSE_SECONDS
        with suppress(RunNotFound):
            while (await self.runs.get(viewer, run_id)).status is RunStatus.RUNNING:
                if self.worker.draining:
                    raise Unavailable("The gateway is shutting down; ask again in a moment.")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LAST_PAUSE_SECONDS)
