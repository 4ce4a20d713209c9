"""Has runs watched: what happens inside them goes to their threads' logs, and what it costs to the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog

from runline.errors import Unavailable
from runline.graphs.given import human_messages
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
        happenings.given(await self._new_messages(run))
        return run_log, Witness(run, run_log, self.ledger, self.clock, happenings)

    async def _new_messages(self, run: Run) -> list[dict[str, Any]]:
        """The human messages that the run gives, without those that the log has.

        An earlier attempt may have told them, and some clients send the whole conversation each time.
        """
        given = list(human_messages(run.spec))
        if run.attempt == 1 and len(given) < 2:
            return given
        try:
            known = await self.logs.known_messages(run)
        except Unavailable as exc:
            log.warning("messages that a run was given are not in its log", run_id=run.run_id, reason=str(exc))
            return []
        return [] if run.run_id in known.run_ids else [it for it in given if not known.has(it)]
