"""The last entry of a run in its thread's log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from runline.model.lifecycle import RunStatus, StopReason
from runline.model.run import Run, RunOutcome
from runline.model.run_event import EventCategory, EventType, RunEvent
from runline.model.usage import Tokens


def end_event(run: Run, outcome: RunOutcome, now: datetime, spent: Tokens) -> RunEvent:
    """`run.error` of a run that failed, `run.end` of every other."""
    content: dict[str, Any] = {"status": outcome.status, **_told(run, now, spent)}
    if outcome.stopped_by:
        content["reason"] = outcome.stopped_by
    if outcome.error:
        content |= {"type": outcome.error.get("error"), "message": outcome.error.get("message")}
    return _last(run, EventType.RUN_ERROR if outcome.error else EventType.RUN_END, now, content)


def rollback_event(run: Run, now: datetime, spent: Tokens) -> RunEvent:
    """`run.rollback`: nothing is left of the run but its trace, and what it cost."""
    return _last(run, EventType.RUN_ROLLBACK, now, {"reason": StopReason.ROLLBACK, **_told(run, now, spent)})


def error_event(thread_id: str, run_id: str, error: dict[str, str], now: datetime) -> RunEvent:
    """`run.error` of a run whose row cannot be read."""
    content = {"status": RunStatus.ERROR, "type": error["error"], "message": error["message"]}
    return RunEvent(thread_id, run_id, EventType.RUN_ERROR, EventCategory.OUTPUTS, now, content)


def _told(run: Run, now: datetime, spent: Tokens) -> dict[str, Any]:
    begun = run.started_at
    return {
        "duration_ms": round((now - begun).total_seconds() * 1000) if begun else None,
        "usage": {
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "total_tokens": spent.total_tokens,
        },
    }


def _last(run: Run, event_type: EventType, now: datetime, content: dict[str, Any]) -> RunEvent:
    return RunEvent(run.thread_id, run.run_id, event_type, EventCategory.OUTPUTS, now, content)
