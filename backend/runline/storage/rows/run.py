"""`runs` and `undone_runs`; and what a caller asked for, as other tables keep it, too."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason
from runline.model.run import Run, RunSpec, StreamProtocol
from runline.storage.rows.reading import sound


def run_from_row(row: Row[Any]) -> Run:
    """A `runs` row. Raises Unreadable."""
    return sound("Run", row, _run)


def _run(row: Row[Any]) -> Run:
    return Run(
        run_id=row.run_id,
        thread_id=row.thread_id,
        graph_id=row.graph_id,
        owner=row.owner,
        status=RunStatus(row.status),
        spec=spec_from_json(row.spec),
        metadata=row.metadata,
        created_at=row.created_at,
        updated_at=row.updated_at,
        ordinal=row.ordinal,
        due_at=row.due_at,
        attempt=row.attempt,
        started_at=row.started_at,
        ended_at=row.ended_at,
        stop_requested=StopReason(row.stop_requested) if row.stop_requested else None,
        error=row.error,
    )


def run_to_row(run: Run) -> dict[str, Any]:
    """The columns of a `runs` row that the Run itself holds."""
    return {
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "owner": run.owner,
        "assistant_id": run.spec.assistant_id,
        "graph_id": run.graph_id,
        "status": run.status,
        "created_at": run.created_at,
        "updated_at": run.updated_at,
        "due_at": run.due_at,
        "started_at": run.started_at,
        "resumable": int(run.spec.stream_resumable),
        "attempt": run.attempt,
        "ordinal": run.ordinal,
        "metadata": run.metadata,
        "spec": spec_to_json(run.spec),
    }


_KEPT = ("run_id", "thread_id", "owner", "graph_id", "created_at", "due_at")
"""What is left of a run that was removed before it began."""


def undone_run_from_row(row: Row[Any]) -> Run:
    """An `undone_runs` row, as a run that ended when it was removed. Raises Unreadable."""
    return sound("Run", row, _undone_run)


def _undone_run(row: Row[Any]) -> Run:
    return Run(
        **{name: row._mapping[name] for name in _KEPT},
        status=RunStatus.INTERRUPTED,
        spec=RunSpec(row.assistant_id),
        metadata={},
        updated_at=row.removed_at,
        ended_at=row.removed_at,
    )


def undone_run_to_row(run: Run, removed_at: datetime) -> dict[str, Any]:
    """The columns of an `undone_runs` row."""
    kept = {name: getattr(run, name) for name in _KEPT}
    return kept | {"assistant_id": run.spec.assistant_id, "removed_at": removed_at}


_OF_SPEC = tuple(each.name for each in fields(RunSpec))


def spec_to_json(spec: RunSpec) -> dict[str, Any]:
    """The object that keeps what a caller asked for. It is encoded at once: `asdict` would copy whatever was sent."""
    return {name: getattr(spec, name) for name in _OF_SPEC}


def spec_from_json(spec: dict[str, Any]) -> RunSpec:
    """What a caller asked for, of the object that keeps it, which is used up."""
    spec["stream_mode"] = tuple(spec["stream_mode"])
    spec["multitask_strategy"] = MultitaskStrategy(spec["multitask_strategy"])
    # rows from before there was a second protocol do not name theirs
    spec["protocol"] = StreamProtocol(spec.get("protocol", StreamProtocol.CLASSIC))
    return RunSpec(**spec)
