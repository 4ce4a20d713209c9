"""Has runs watched: what happens inside them goes to their threads' logs, and what it costs to the ledger."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from runline.errors import Unavailable
from runline.kit.clock import Clock
from runline.model.run import Run
from runline.runs.happenings import Happenings
from runline.runs.ledger import Ledger
from runline.runs.run_logs import RunLog, RunLogs
from runline.runs.witness import Witness

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Watch:
    """Begins the log of each attempt. The runs of traceless threads have none; what they cost counts all the same."""

    logs: RunLogs
    ledger: Ledger
    clock: Clock
    max_trace_bytes: int

    async def begin(self, run: Run) -> tuple[RunLog, Witness]:
        """The log of a claimed run, and what is to be among the callbacks of its graph."""
        run_log = self.logs.open(run)
        if run.traceless:
            return run_log, Witness(run, run_log, self.ledger, self.clock, None)
        happenings = Happenings(run, run_log, self.clock, self.max_trace_bytes)
        happenings.run_started()
        if run.attempt == 1 or await self._is_silent(run):
            happenings.given()
        return run_log, Witness(run, run_log, self.ledger, self.clock, happenings)

    async def _is_silent(self, run: Run) -> bool:
        """Whether earlier attempts have told no messages."""
        try:
            return not await self.logs.has_messages(run)
        except Unavailable as exc:
            log.warning("messages that a run was given are not in its log", run_id=run.run_id, reason=str(exc))
            return False
