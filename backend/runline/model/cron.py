"""The recurring creation of a run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from runline.model.run import RunSpec
from runline.model.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron as stored. `spec` is what its caller asked every run to be; without `thread_id` each gets a thread.

    `next_run_date` is None when it comes due no more; of one that is not `enabled`, it is when it would have.
    `last_error` is why its latest tick made no run.
    """

    cron_id: str
    owner: str
    thread_id: str | None
    schedule: Schedule
    spec: RunSpec
    created_at: datetime
    updated_at: datetime
    enabled: bool = True
    next_run_date: datetime | None = None
    last_error: str | None = None

    @property
    def on_run_completed(self) -> str | None:
        """What becomes of a run's own thread: "delete" or "keep"; None for a thread's cron."""
        if self.thread_id:
            return None
        return "keep" if self.spec.keep_thread else "delete"

    def timed(self, now: datetime) -> Cron:
        """The same, with the next tick after `now` by its schedule. Raises Invalid."""
        return replace(self, next_run_date=self.schedule.next_tick(now), updated_at=now)

    def run_spec(self) -> RunSpec:
        """What a run of it is asked to be: the cron's id is in its metadata, and in its config and context."""
        mark = {"cron_id": self.cron_id}
        spec = replace(self.spec, metadata={**self.spec.metadata, **mark})
        if spec.context:
            # a run has either, and each is mirrored into the other
            return replace(spec, context={**spec.context, **mark})
        configurable = {**(spec.config.get("configurable") or {}), **mark}
        return replace(spec, config={**spec.config, "configurable": configurable})


@dataclass(frozen=True, slots=True)
class CronChange:
    """New values of some fields of a cron's schedule and spec, by name. Metadata is merged key by key."""

    enabled: bool | None = None
    schedule: dict[str, Any] = field(default_factory=dict)
    spec: dict[str, Any] = field(default_factory=dict)

    def applied(self, cron: Cron) -> Cron:
        """The changed cron."""
        metadata = {**cron.spec.metadata, **self.spec.get("metadata", {})}
        return replace(
            cron,
            enabled=cron.enabled if self.enabled is None else self.enabled,
            schedule=replace(cron.schedule, **self.schedule),
            spec=replace(cron.spec, **{**self.spec, "metadata": metadata}),
        )


@dataclass(frozen=True, slots=True)
class CronFilter:
    """Which crons: of this assistant and thread, enabled or not, containing this metadata; None means any."""

    assistant_id: str | None = None
    thread_id: str | None = None
    enabled: bool | None = None
    metadata: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A cron's coming due, to be used up by the run that it makes: only if the cron still waits for `due`."""

    cron_id: str
    due: datetime
    following: datetime | None
