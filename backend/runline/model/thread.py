"""A state lineage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runline.model.lifecycle import ThreadStatus


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread as stored. `values`, `interrupts` and `error` mirror its newest state and last run.

    `interrupts` maps a task id to its [{"id", "value"}]; None (with `values` None) until the first run ends.
    """

    thread_id: str
    owner: str
    status: ThreadStatus
    created_at: datetime
    updated_at: datetime
    state_updated_at: datetime
    metadata: dict[str, Any]
    config: dict[str, Any]
    values: Any = None
    interrupts: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What a thread rests at between runs, read from its newest checkpoint.

    `resting` is the status the thread shows when none of its runs is active. Not `known`: the graph could not be
    asked, and the thread keeps the values and interrupts it has.
    """

    resting: ThreadStatus
    values: Any
    interrupts: dict[str, Any] | None
    error: dict[str, Any] | None = None
    known: bool = True

    @property
    def result(self) -> Any:
        """The values with every interrupt that is open, as the result of a run shows them."""
        if not self.interrupts or not isinstance(self.values, dict):
            return self.values
        return {**self.values, "__interrupt__": [each for task in self.interrupts.values() for each in task]}


@dataclass(frozen=True, slots=True)
class ThreadFilter:
    """Which threads: equal in status, containing this metadata and these values, among these ids."""

    ids: tuple[str, ...] = ()
    metadata: dict[str, Any] | None = None
    values: dict[str, Any] | None = None
    status: ThreadStatus | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of an ordered list. `sort_by` is a column name from a closed set, checked at the door."""

    limit: int = 10
    offset: int = 0
    sort_by: str = "updated_at"
    descending: bool = True
