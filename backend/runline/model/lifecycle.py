"""Statuses, strategies and stop reasons, and the rules that tie them together."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    """Where a run is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCESS = "success"
    ERROR = "error"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"


ACTIVE = (RunStatus.PENDING, RunStatus.RUNNING)
"""Statuses a run can still leave; every other one is terminal and never changes."""


class ThreadStatus(StrEnum):
    """What a thread is doing; BUSY holds exactly while one of its runs is active."""

    IDLE = "idle"
    BUSY = "busy"
    INTERRUPTED = "interrupted"
    ERROR = "error"


class MultitaskStrategy(StrEnum):
    """What happens to the runs a thread already has when another is created."""

    REJECT = "reject"
    ENQUEUE = "enqueue"
    INTERRUPT = "interrupt"
    ROLLBACK = "rollback"


class StopReason(StrEnum):
    """Why a run was stopped before its graph ended."""

    INTERRUPT = "interrupt"
    ROLLBACK = "rollback"
    DISCONNECT = "disconnect"
    DELETE = "delete"
    SHUTDOWN = "shutdown"
    LEASE_LOST = "lease_lost"


class CancelAction(StrEnum):
    """What a client's cancel leaves behind: the run's checkpoints, or no trace of it."""

    INTERRUPT = "interrupt"
    ROLLBACK = "rollback"


def is_active(status: RunStatus) -> bool:
    """Tell whether a run of this status may still execute."""
    return status in ACTIVE


_STOP_ERRORS = {
    StopReason.INTERRUPT: (
        "UserInterrupt",
        "interrupt requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    ),
    StopReason.ROLLBACK: (
        "UserRollback",
        "rollback requested via POST /threads/{thread_id}/runs/{run_id}/cancel",
    ),
    StopReason.DISCONNECT: (
        "UserInterrupt",
        "client disconnected from the run stream (on_disconnect=cancel)",
    ),
}


def stop_error(reason: StopReason) -> dict[str, str] | None:
    """The `error` a thread shows after a stop; the braces are literal, as on the platform.

    Divergence 38: after a bulk cancel, too, it names the route of a single one.
    """
    if reason not in _STOP_ERRORS:
        return None
    error, message = _STOP_ERRORS[reason]
    return {"error": error, "message": message}
