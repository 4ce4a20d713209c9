"""Table rows to model objects and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row

from runline.errors import Unreadable
from runline.model.assistant import Assistant, AssistantVersion
from runline.model.cron import Cron
from runline.model.delivery import Delivery, DeliveryStatus, RunEnd
from runline.model.feedback import Feedback, Opinion
from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason, ThreadStatus
from runline.model.run import Run, RunSpec, StreamProtocol
from runline.model.run_event import EventCategory, RunEvent
from runline.model.schedule import Schedule
from runline.model.thread import Thread
from runline.model.ttl import GivenTtl, PruneStrategy, Ttl
from runline.model.usage import Caller, Tokens, UsageEntry
from runline.storage.columns import Undecodable

T = TypeVar("T")

log = structlog.get_logger()


def readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> list[T]:
    """The rows that can be read; the others are left out and named in the log."""
    return list(_readable(rows, from_row))


def first_readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> T | None:
    """The first row that can be read; no more than need be are fetched."""
    return next(_readable(rows, from_row), None)


def _readable(rows: Iterable[Row[Any]], from_row: Callable[[Row[Any]], T]) -> Iterator[T]:
    for row in rows:
        try:
            yield from_row(row)
        except Unreadable as exc:
            log.warning("a row is left out", reason=str(exc))


def _sound(noun: str, row: Row[Any], build: Callable[[Row[Any]], T]) -> T:
    """Build the object of a row. Raises Unreadable if a value is not what its column holds."""
    try:
        if not any(isinstance(value, Undecodable) for value in row):
            return build(row)
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        raise Unreadable(noun, row[0]) from exc
    raise Unreadable(noun, row[0])


def assistant_from_row(row: Row[Any]) -> Assistant:
    """An `assistants` row; the deployment's own have no owner. Raises Unreadable."""
    return _sound("Assistant", row, _assistant)


def version_from_row(row: Row[Any]) -> AssistantVersion:
    """An `assistant_versions` row. Raises Unreadable."""
    return _sound("A version of assistant", row, lambda row: AssistantVersion(**row._mapping))


def version_to_row(assistant: Assistant) -> dict[str, Any]:
    """The columns of the `assistant_versions` row that an assistant's current version is."""
    return {
        "assistant_id": assistant.assistant_id,
        "version": assistant.version,
        "graph_id": assistant.graph_id,
        "name": assistant.name,
        "description": assistant.description,
        "created_at": assistant.updated_at,
        "config": assistant.config,
        "context": assistant.context,
        "metadata": assistant.metadata,
    }


def assistant_to_row(assistant: Assistant) -> dict[str, Any]:
    """The columns of an `assistants` row, but for whose it is."""
    times = {"created_at": assistant.created_at, "updated_at": assistant.updated_at}
    return version_to_row(assistant) | times


def thread_from_row(row: Row[Any]) -> Thread:
    """A `threads` row. Raises Unreadable."""
    return _sound("Thread", row, _thread)


def run_from_row(row: Row[Any]) -> Run:
    """A `runs` row. Raises Unreadable."""
    return _sound("Run", row, _run)


def cron_from_row(row: Row[Any]) -> Cron:
    """A `crons` row. Raises Unreadable."""
    return _sound("Cron", row, _cron)


def given_ttl_from_row(row: Row[Any]) -> GivenTtl:
    """A `thread_ttls` row. Raises Unreadable."""
    return _sound("The ttl of thread", row, _given_ttl)


def _given_ttl(row: Row[Any]) -> GivenTtl:
    return GivenTtl(Ttl(float(row.minutes), PruneStrategy(row.strategy)), row.expires_at)


def delivery_from_row(row: Row[Any]) -> Delivery:
    """What a `webhook_deliveries` row logs. Raises Unreadable."""
    return _sound("Webhook delivery", row, _delivery)


def run_end_from_row(row: Row[Any]) -> RunEnd:
    """What a `webhook_deliveries` row has to tell. Raises Unreadable."""
    return _sound("Webhook delivery", row, _run_end)


def run_event_from_row(row: Row[Any]) -> RunEvent:
    """A `run_events` row. Raises Unreadable."""
    return _sound("The log of thread", row, _run_event)


def usage_entry_from_row(row: Row[Any]) -> UsageEntry:
    """A `usage_entries` row. Raises Unreadable."""
    return _sound("Usage entry", row, _usage_entry)


def feedback_from_row(row: Row[Any]) -> Feedback:
    """A `feedback` row. Raises Unreadable."""
    return _sound("Feedback", row, _feedback)


def _assistant(row: Row[Any]) -> Assistant:
    return Assistant(
        assistant_id=row.assistant_id,
        graph_id=row.graph_id,
        owner=row.owner or "",
        name=row.name,
        description=row.description,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        config=row.config,
        context=row.context,
        metadata=row.metadata,
    )


def _thread(row: Row[Any]) -> Thread:
    return Thread(
        thread_id=row.thread_id,
        owner=row.owner,
        status=ThreadStatus(row.status),
        created_at=row.created_at,
        updated_at=row.updated_at,
        state_updated_at=row.state_updated_at,
        metadata=row.metadata,
        config=row.config,
        values=row.state_values,
        interrupts=row.interrupts,
        error=row.error,
    )


def thread_to_row(thread: Thread) -> dict[str, Any]:
    """The columns of a `threads` row that the Thread itself holds, of one whose runs have all ended."""
    return {
        "thread_id": thread.thread_id,
        "owner": thread.owner,
        "status": thread.status,
        "resting": thread.status,
        "hidden": 0,
        "created_at": thread.created_at,
        "updated_at": thread.updated_at,
        "state_updated_at": thread.state_updated_at,
        "metadata": thread.metadata,
        "config": thread.config,
        "state_values": thread.values,
        "interrupts": thread.interrupts,
        "error": thread.error,
    }


def _run(row: Row[Any]) -> Run:
    return Run(
        run_id=row.run_id,
        thread_id=row.thread_id,
        graph_id=row.graph_id,
        owner=row.owner,
        status=RunStatus(row.status),
        spec=_spec_from_json(row.spec),
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


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        delivery_id=row.delivery_id,
        run_id=row.run_id,
        thread_id=row.thread_id,
        url=row.url,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        last_attempt_at=row.last_attempt_at,
        ended_at=row.ended_at,
        status_code=row.status_code,
        error=row.error,
    )


_MOMENTS = ("created_at", "updated_at", "due_at", "started_at", "ended_at")


def _run_end(row: Row[Any]) -> RunEnd:
    run = row.told["run"]
    moments = {name: datetime.fromisoformat(run[name]) for name in _MOMENTS if run[name]}
    spec, status = _spec_from_json(run["spec"]), RunStatus(run["status"])
    return RunEnd(
        run=Run(**{**run, **moments, "spec": spec, "status": status}),
        status=row.told["status"],
        ended_at=datetime.fromisoformat(row.told["ended_at"]),
        values=row.told["values"],
        error=row.told["error"],
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
        "spec": _spec_to_json(run.spec),
    }


def _cron(row: Row[Any]) -> Cron:
    return Cron(
        cron_id=row.cron_id,
        owner=row.owner,
        thread_id=row.thread_id,
        schedule=Schedule(row.schedule, row.timezone, row.end_time),
        spec=_spec_from_json(row.spec),
        created_at=row.created_at,
        updated_at=row.updated_at,
        enabled=bool(row.enabled),
        next_run_date=row.next_run_date,
        last_error=row.last_error,
    )


def cron_to_row(cron: Cron) -> dict[str, Any]:
    """The columns of a `crons` row."""
    return {
        "cron_id": cron.cron_id,
        "owner": cron.owner,
        "assistant_id": cron.spec.assistant_id,
        "thread_id": cron.thread_id,
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "end_time": cron.schedule.end_time,
        "enabled": int(cron.enabled),
        "next_run_date": cron.next_run_date,
        "last_error": cron.last_error,
        "created_at": cron.created_at,
        "updated_at": cron.updated_at,
        "metadata": cron.spec.metadata,
        "spec": _spec_to_json(cron.spec),
    }


def _run_event(row: Row[Any]) -> RunEvent:
    return RunEvent(
        thread_id=row.thread_id,
        run_id=row.run_id,
        event_type=row.event_type,
        category=EventCategory(row.category),
        created_at=row.created_at,
        content=row.content,
        metadata=row.metadata,
        seq=row.seq,
    )


_TOKENS = tuple(each.name for each in fields(Tokens))


def _usage_entry(row: Row[Any]) -> UsageEntry:
    columns = dict(row._mapping)
    tokens = Tokens(**{name: columns.pop(name) for name in _TOKENS})
    caller, rolled_back = Caller(columns.pop("caller")), bool(columns.pop("rolled_back"))
    return UsageEntry(**columns, tokens=tokens, caller=caller, rolled_back=rolled_back)


def _feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        feedback_id=row.feedback_id,
        thread_id=row.thread_id,
        run_id=row.run_id,
        author=row.author,
        opinion=Opinion(row.rating, row.comment, row.message_id),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


_OF_SPEC = tuple(each.name for each in fields(RunSpec))


def _spec_to_json(spec: RunSpec) -> dict[str, Any]:
    # `asdict` copies whatever the caller sent, which is encoded at once
    return {name: getattr(spec, name) for name in _OF_SPEC}


def _spec_from_json(spec: dict[str, Any]) -> RunSpec:
    spec["stream_mode"] = tuple(spec["stream_mode"])
    spec["multitask_strategy"] = MultitaskStrategy(spec["multitask_strategy"])
    # rows from before there was a second protocol do not name theirs
    spec["protocol"] = StreamProtocol(spec.get("protocol", StreamProtocol.CLASSIC))
    return RunSpec(**spec)
