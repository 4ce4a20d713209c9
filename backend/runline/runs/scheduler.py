"""Makes the runs of crons when they come due. The next tick is a column: what is due is known after any crash.

Firing is one transaction: the tick is moved on and the run admitted, or neither. So a tick makes one run at most,
however many schedulers see it. A tick that is older than `GRACE` when a scheduler wakes up, because none ran or all
was held up, is skipped; of several that a cron missed meanwhile, the first alone is fired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from runline.errors import Invalid, RunlineError, TickTaken, Unavailable, Unreadable
from runline.kit.clock import Clock
from runline.model.cron import Cron, Tick
from runline.model.viewer import Viewer
from runline.runs.manager import RunManager
from runline.storage.crons import CronStore
from runline.streams.contracts import Bell

log = structlog.get_logger()

GRACE = timedelta(seconds=10)
_LONGEST_SLEEP_SECONDS = 30.0
"""Behind the bell: for a bell that was lost, and for a machine that was put to sleep or set its clock."""
_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Scheduler:
    """Sleeps until the next cron comes due, or until the bell says that crons have changed."""

    crons: CronStore
    runs: RunManager
    bell: Bell
    clock: Clock

    async def step(self) -> None:
        """Sleep, then fire what is due. Raises Unavailable; what is due stays so."""
        await self.bell.wait(await self._pause())
        # however many are due now, and however long that takes, none of them was missed
        awake = self.clock.now()
        while not self.runs.worker.draining and (due := await self.crons.due(_AT_ONCE)):
            for cron in due:
                await self.fire(cron, awake)

    async def _pause(self) -> float:
        due = None if self.runs.worker.draining else await self.crons.next_due()
        if due is None:
            return _LONGEST_SLEEP_SECONDS
        return min(max((due - self.clock.now()).total_seconds(), 0.0), _LONGEST_SLEEP_SECONDS)

    async def fire(self, cron: Cron, awake: datetime) -> None:
        """Make the run of a cron that is due; one that cannot be made is skipped, and its cron says why.

        `awake`: since when there is somebody who fires what is due.
        """
        now = self.clock.now()
        due = cron.next_run_date or now
        tick = Tick(cron.cron_id, due, None)
        try:
            tick = Tick(cron.cron_id, due, cron.schedule.next_tick(max(now, due)))
            _refuse_missed(due, awake)
            await self.runs.create(Viewer(cron.owner), cron.thread_id, cron.run_spec(), tick=tick)
            self.runs.meters.tick("fired")
        except TickTaken as exc:
            log.info("a cron's tick is taken", reason=str(exc))
        except Unavailable:
            if not self.runs.worker.draining:
                raise
        except RunlineError as exc:
            await self._skip(tick, str(exc))
        except (AttributeError, KeyError, TypeError, ValueError):
            # what is stored is not what a cron holds; the others must not wait for it
            log.exception("a cron cannot be fired", cron_id=cron.cron_id)
            await self._skip(tick, str(Unreadable("Cron", cron.cron_id)))

    async def _skip(self, tick: Tick, reason: str) -> None:
        log.warning("a cron's tick is skipped", cron_id=tick.cron_id, due=tick.due.isoformat(), reason=reason)
        try:
            await self.crons.skip(tick, reason)
            self.runs.meters.tick("skipped")
        except TickTaken as exc:
            log.info("a cron's tick is taken", reason=str(exc))


def _refuse_missed(due: datetime, awake: datetime) -> None:
    if awake - due > GRACE:
        raise Invalid(f"The tick of {due.isoformat()} was missed: no gateway could fire it in time.")
