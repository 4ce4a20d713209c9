"""CronManager: create and change crons on behalf of a viewer; the Scheduler makes their runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from runline.errors import Invalid, NotFound
from runline.graphs.invocation import merge_config
from runline.graphs.registry import GraphRegistry
from runline.kit.clock import Clock
from runline.kit.ids import new_id
from runline.model.assistant import Assistant
from runline.model.cron import Cron, CronChange
from runline.model.run import RunSpec
from runline.model.schedule import Schedule
from runline.model.viewer import Viewer
from runline.runs.assistants import AssistantGraphs
from runline.runs.webhooks import Webhooks
from runline.storage.crons import CronStore
from runline.streams.contracts import Bell


@dataclass(frozen=True, slots=True)
class CronManager:
    """What is checked before a cron is stored. The bell wakes the scheduler."""

    registry: GraphRegistry
    assistants: AssistantGraphs
    crons: CronStore
    webhooks: Webhooks
    bell: Bell
    clock: Clock
    min_period: timedelta

    async def create(
        self, viewer: Viewer, thread_id: str | None, schedule: Schedule, spec: RunSpec, *, enabled: bool
    ) -> Cron:
        """Store a cron for runs as `spec`; its assistant is an id or the name of a graph, its config its own.

        Raises NotFound (assistant, thread), Invalid, BadRequest, GraphUnavailable, TooMany.
        """
        now = self.clock.now()
        self._check_schedule(schedule, now)
        assistant = await self._assistant(viewer, spec.assistant_id)
        self.registry.check(assistant.graph_id)
        spec = replace(spec, assistant_id=assistant.assistant_id)
        merge_config(assistant, spec.config, spec.context)
        await self.webhooks.check(spec.webhook)
        cron = Cron(new_id(), viewer.identity, thread_id, schedule, spec, now, now, enabled).timed(now)
        await self.crons.create(cron)
        self.bell.ring()
        return cron

    async def change(
        self, viewer: Viewer, cron_id: str, change: CronChange, check: Callable[[dict[str, Any]], None] | None = None
    ) -> Cron:
        """Change a cron; its next tick is reckoned anew if that says when.

        Raises CronNotFound, Invalid, BadRequest, NotFound, and what `check` raises about the merged metadata.
        """
        known = await self.crons.get(viewer, cron_id)
        if known.thread_id and "keep_thread" in change.spec:
            raise Invalid("on_run_completed: a thread's cron keeps its thread")
        assistant = await self._assistant(viewer, known.spec.assistant_id)
        await self.webhooks.check(change.spec.get("webhook"))

        def changed(cron: Cron) -> Cron:
            now = self.clock.now()
            cron = change.applied(cron)
            if check:
                check(cron.spec.metadata)
            if change.schedule:
                self._check_schedule(cron.schedule, now)
            merge_config(assistant, cron.spec.config, cron.spec.context)
            if change.schedule or change.enabled is not None:
                return cron.timed(now)
            # its next tick may have come already, and is not lost
            return replace(cron, updated_at=now)

        cron = await self.crons.change(viewer, cron_id, changed)
        self.bell.ring()
        return cron

    async def _assistant(self, viewer: Viewer, name: str) -> Assistant:
        try:
            return await self.assistants.resolve(viewer, name)
        except (Invalid, NotFound) as exc:
            raise NotFound(f"Assistant '{name}' not found") from exc

    def _check_schedule(self, schedule: Schedule, now: datetime) -> None:
        if schedule.end_time is not None and schedule.end_time <= now:
            raise Invalid("end_time: must be in the future")
        if schedule.next_tick(now) is None:
            raise Invalid(f"Invalid cron schedule: '{schedule.expression}'. Reason: it never comes due.")
        period = schedule.shortest_period(now)
        if period is not None and period < self.min_period:
            raise Invalid(
                f"schedule: comes due after {period.total_seconds():g} seconds; "
                f"the least that this server allows is {self.min_period.total_seconds():g}"
            )
