"""Reading a thread's state through its graph."""

from __future__ import annotations

from typing import Any

from langgraph.types import StateSnapshot

from runline.model.lifecycle import ThreadStatus
from runline.model.thread import ThreadState


def thread_state(snapshot: StateSnapshot, error: dict[str, Any] | None = None) -> ThreadState:
    """What a thread rests at: after an error `error`, with steps left to do `interrupted`, else `idle`."""
    if error is not None:
        resting = ThreadStatus.ERROR
    else:
        resting = ThreadStatus.INTERRUPTED if snapshot.next else ThreadStatus.IDLE
    empty = snapshot.created_at is None
    return ThreadState(
        resting=resting, values=None if empty else snapshot.values, interrupts=pending_interrupts(snapshot), error=error
    )


def pending_interrupts(snapshot: StateSnapshot) -> dict[str, Any]:
    """Task id -> its interrupts as [{"id", "value"}], for tasks that have any."""
    return {
        task.id: [{"id": interrupt.id, "value": interrupt.value} for interrupt in task.interrupts]
        for task in snapshot.tasks
        if task.interrupts
    }
