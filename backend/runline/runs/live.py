"""A run executing in this process."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field

from runline.model.lifecycle import StopReason
from runline.model.run import Run
from runline.runs.run_logs import RunLog

_FORCE = {
    StopReason.DISCONNECT: 0,
    StopReason.INTERRUPT: 1,
    StopReason.ROLLBACK: 2,
    StopReason.SHUTDOWN: 3,
    StopReason.LEASE_LOST: 4,
    # its row is gone or going, so that whoever renews its lease finds it lost
    StopReason.DELETE: 5,
}
"""Of two stops the stronger one decides what is left of the run."""

_UNWIND_SECONDS = 1.0
"""For so long a graph that was cancelled is not cancelled again: while it unwinds, LangGraph would leave nodes behind
that go on beside the thread's next run. After that, one that has taken no notice is."""


@dataclass(slots=True)
class LiveRun:
    """The run, the task that executes its graph, and why it was told to stop, if it was.

    `promoted` is the thread's next run, running if it was claimed as this one ended. `done` is set when nothing of
    the run is left to do in this process: its end is committed and its stream over. `log` is there once it executes.
    `cancelled_at` is by the loop's clock, and `again` the next cancellation if one is to come. Until `leased_until`, by
    `time.monotonic()`, nobody else goes on with the run. `given_back`: it waits in the queue again.
    """

    run: Run
    leased_until: float
    graph_task: asyncio.Task[None] | None = None
    stop_reason: StopReason | None = None
    promoted: Run | None = None
    log: RunLog | None = None
    given_back: bool = False
    cancelled_at: float = -math.inf
    again: asyncio.TimerHandle | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_at_rest(self) -> bool:
        """Whether its graph has come to its end, however it did."""
        return self.graph_task is not None and self.graph_task.done()

    def renewed(self, until: float) -> None:
        """Its lease was renewed. Of two renewals the one that was asked for first may be heard of last."""
        self.leased_until = max(self.leased_until, until)

    def stop(self, reason: StopReason) -> None:
        """Stop the graph for this reason; a weaker reason than an earlier one changes nothing."""
        if self.stop_reason is None or _FORCE[reason] > _FORCE[self.stop_reason]:
            self.stop_reason = reason
        if self.graph_task:
            self._cancel(self.graph_task)

    def _cancel(self, task: asyncio.Task[None]) -> None:
        loop = asyncio.get_running_loop()
        wait = self.cancelled_at + _UNWIND_SECONDS - loop.time()
        if wait <= 0:
            self.cancelled_at = loop.time()
            task.cancel()
        elif not self.again:
            self.again = loop.call_later(wait, self._cancel_again, task)

    def _cancel_again(self, task: asyncio.Task[None]) -> None:
        self.again = None
        if not task.done():
            self._cancel(task)
