"""The translation table between the model and the platform's wire: nouns, names and spellings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from langgraph.store.base import Item, SearchItem
from langgraph.types import PregelTask, StateSnapshot

from runline.doors.words import moment_to_wire, usage_to_wire
from runline.graphs.weights import Weight
from runline.model.assistant import Assistant, AssistantVersion
from runline.model.cron import Cron
from runline.model.delivery import Delivery, RunEnd
from runline.model.extract import Path
from runline.model.run import Run, RunSpec
from runline.model.thread import Thread
from runline.model.token_usage import NO_USAGE, Usage
from runline.model.ttl import GivenTtl


def assistant_to_wire(assistant: Assistant) -> dict[str, Any]:
    """An Assistant object."""
    return {
        "assistant_id": assistant.assistant_id,
        "graph_id": assistant.graph_id,
        "config": assistant.config,
        "context": assistant.context,
        "metadata": assistant.metadata,
        "name": assistant.name,
        "created_at": moment_to_wire(assistant.created_at),
        "updated_at": moment_to_wire(assistant.updated_at),
        "version": assistant.version,
        "description": assistant.description,
    }


def assistant_version_to_wire(version: AssistantVersion) -> dict[str, Any]:
    """A version of an assistant."""
    return {
        "assistant_id": version.assistant_id,
        "version": version.version,
        "graph_id": version.graph_id,
        "config": version.config,
        "context": version.context,
        "metadata": version.metadata,
        "created_at": moment_to_wire(version.created_at),
        "name": version.name,
        "description": version.description,
    }


def thread_to_wire(thread: Thread) -> dict[str, Any]:
    """A Thread object."""
    return {
        "thread_id": thread.thread_id,
        "created_at": moment_to_wire(thread.created_at),
        "updated_at": moment_to_wire(thread.updated_at),
        "state_updated_at": moment_to_wire(thread.state_updated_at),
        "metadata": thread.metadata,
        "status": thread.status,
        "config": thread.config,
        "values": thread.values,
        "error": thread.error,
        "interrupts": thread.interrupts or {},
    }


def cron_to_wire(cron: Cron) -> dict[str, Any]:
    """A Cron object; a cron belongs to its `user_id`."""
    return {
        "cron_id": cron.cron_id,
        "assistant_id": cron.spec.assistant_id,
        "thread_id": cron.thread_id,
        "user_id": cron.owner,
        "end_time": _known_moment(cron.schedule.end_time),
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "payload": _payload(cron),
        "next_run_date": cron.next_run_date.isoformat(timespec="seconds") if cron.next_run_date else None,
        "metadata": cron.spec.metadata,
        "on_run_completed": cron.on_run_completed,
        "enabled": cron.enabled,
        "last_error": cron.last_error,
        "created_at": moment_to_wire(cron.created_at),
        "updated_at": moment_to_wire(cron.updated_at),
    }


def _payload(cron: Cron) -> dict[str, Any]:
    """The schedule, and what every run is asked for with, without defaults; `config` names the cron."""
    usual = asdict(RunSpec(assistant_id=""))
    asked = {name: value for name, value in asdict(cron.spec).items() if value != usual[name]}
    for name in ("create_thread", "temporary", "keep_thread"):
        asked.pop(name, None)
    configurable = {**cron.spec.config.get("configurable", {}), "cron_id": cron.cron_id}
    config = {**cron.spec.config, "configurable": configurable}
    schedule = {
        "schedule": cron.schedule.expression,
        "timezone": cron.schedule.timezone,
        "end_time": _known_moment(cron.schedule.end_time),
    }
    return {**asked, **{name: value for name, value in schedule.items() if value is not None}, "config": config}


def _known_moment(moment: datetime | None) -> str | None:
    return moment_to_wire(moment) if moment else None


def ttl_to_wire(given: GivenTtl) -> dict[str, Any]:
    """The `ttl` of a Thread object."""
    return {
        "strategy": given.ttl.strategy,
        "ttl_minutes": given.ttl.minutes,
        "expires_at": moment_to_wire(given.expires_at),
    }


def weight_to_wire(thread_id: str, weight: Weight) -> dict[str, Any]:
    """A ThreadStorage object."""
    by_channel = {
        name: {"versions": len(channel.versions), "bytes": channel.bytes} for name, channel in weight.channels.items()
    }
    values = {"count": sum(channel["versions"] for channel in by_channel.values()), "bytes": weight.value_bytes}
    return {
        "thread_id": thread_id,
        "total_bytes": weight.total_bytes,
        "checkpoints": {"count": weight.checkpoints, "bytes": weight.checkpoint_bytes},
        "channel_values": {**values, "by_channel": by_channel},
        "pending_writes": {"count": weight.writes, "bytes": weight.write_bytes},
    }


def run_to_wire(run: Run, usage: Usage = NO_USAGE) -> dict[str, Any]:
    """A Run object, and what its calls of models came to so far.

    Divergence 75: officially runs have no `usage`.
    """
    return {
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "assistant_id": run.spec.assistant_id,
        "metadata": run.metadata,
        "status": run.status,
        "kwargs": _kwargs(run),
        "multitask_strategy": run.spec.multitask_strategy,
        "created_at": moment_to_wire(run.created_at),
        "updated_at": moment_to_wire(run.updated_at),
        "langsmith_session_name": None,
        "usage": usage_to_wire(usage),
    }


RUN_COURSE = ("graph_id", "attempt", "run_started_at", "run_ended_at", "error")


def run_with_course_to_wire(run: Run, usage: Usage) -> dict[str, Any]:
    """A Run object, and what the platform's does not tell of its course; its error is {"error", "message"} or null."""
    return {
        **run_to_wire(run, usage),
        "graph_id": run.graph_id,
        "attempt": run.attempt,
        "run_started_at": _moment_or_null(run.started_at),
        "run_ended_at": _moment_or_null(run.ended_at),
        "error": run.error,
    }


def _kwargs(run: Run) -> dict[str, Any]:
    spec = run.spec
    identity = {
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "graph_id": run.graph_id,
        "assistant_id": spec.assistant_id,
        "user_id": run.owner,
    }
    return {
        "input": spec.input,
        "command": spec.command,
        "config": {
            **spec.config,
            "configurable": {**spec.config.get("configurable", {}), **identity},
            "metadata": {**spec.config.get("metadata", {}), **run.metadata},
        },
        "context": spec.context,
        "stream_mode": spec.stream_mode,
        "interrupt_before": spec.interrupt_before,
        "interrupt_after": spec.interrupt_after,
        "webhook": spec.webhook,
        "feedback_keys": spec.feedback_keys,
        "temporary": run.traceless,
        "subgraphs": spec.stream_subgraphs,
        "resumable": spec.stream_resumable,
        "checkpoint_during": spec.durability != "exit",
        "durability": spec.durability,
    }


def webhook_to_wire(end: RunEnd, sent_at: datetime) -> dict[str, Any]:
    """What a webhook is told: the Run as it ended, when, with which values, and its error if it has one.

    Divergence 52: `values` hold `__interrupt__`, and are those of runs without a thread, too.
    """
    return {
        **run_to_wire(end.run, end.usage),
        "status": end.status,
        "run_started_at": _moment_or_null(end.run.started_at),
        "run_ended_at": moment_to_wire(end.ended_at),
        "webhook_sent_at": moment_to_wire(sent_at),
        "values": end.values,
        **({"error": end.error} if end.error else {}),
    }


def delivery_to_wire(delivery: Delivery) -> dict[str, Any]:
    """One entry of a run's webhook log."""
    return {
        "delivery_id": delivery.delivery_id,
        "run_id": delivery.run_id,
        "thread_id": delivery.thread_id,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "status_code": delivery.status_code,
        "error": delivery.error,
        "created_at": moment_to_wire(delivery.created_at),
        "last_attempt_at": _moment_or_null(delivery.last_attempt_at),
        "next_attempt_at": _moment_or_null(delivery.next_attempt_at),
        "ended_at": _moment_or_null(delivery.ended_at),
    }


def _moment_or_null(moment: datetime | None) -> str | None:
    return moment_to_wire(moment) if moment else None


EMPTY_STATE: dict[str, Any] = {
    "values": {},
    "next": [],
    "tasks": [],
    "metadata": None,
    "created_at": None,
    "checkpoint": None,
    "parent_checkpoint": None,
    "interrupts": [],
    "checkpoint_id": None,
    "parent_checkpoint_id": None,
}
"""The ThreadState of a thread that has none."""


def state_to_wire(snapshot: StateSnapshot | None) -> dict[str, Any]:
    """A ThreadState object."""
    if snapshot is None:
        return EMPTY_STATE
    if snapshot.created_at is None:
        asked = _checkpoint(snapshot.config)
        known = asked if asked and "checkpoint_id" in asked else None
        return {**EMPTY_STATE, "checkpoint": known, "checkpoint_id": (known or {}).get("checkpoint_id")}
    checkpoint = _checkpoint(snapshot.config)
    parent = _checkpoint(snapshot.parent_config)
    return {
        "values": snapshot.values,
        "next": snapshot.next,
        "tasks": [_task(task) for task in snapshot.tasks],
        "metadata": snapshot.metadata,
        "created_at": snapshot.created_at,
        "checkpoint": checkpoint,
        "parent_checkpoint": parent,
        "interrupts": _interrupts(snapshot.interrupts),
        "checkpoint_id": (checkpoint or {}).get("checkpoint_id"),
        "parent_checkpoint_id": (parent or {}).get("checkpoint_id"),
    }


def _task(task: PregelTask) -> dict[str, Any]:
    nested = isinstance(task.state, StateSnapshot)
    return {
        "id": task.id,
        "name": task.name,
        "path": task.path,
        "error": None if task.error is None else _error_text(task.error),
        "interrupts": _interrupts(task.interrupts),
        "checkpoint": None if nested or task.state is None else _checkpoint(task.state),
        "state": state_to_wire(task.state) if isinstance(task.state, StateSnapshot) else None,
        "result": task.result,
    }


def _error_text(error: Any) -> str:
    return error if isinstance(error, str) else repr(error)


def _interrupts(interrupts: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"id": interrupt.id, "value": interrupt.value} for interrupt in interrupts]


_CHECKPOINT_KEYS = ("checkpoint_id", "thread_id", "checkpoint_ns", "checkpoint_map")


def _checkpoint(config: Any) -> dict[str, Any] | None:
    if not config:
        return None
    configurable = config["configurable"]
    return {key: configurable[key] for key in _CHECKPOINT_KEYS if key in configurable}


def item_to_wire(item: Item) -> dict[str, Any]:
    """An Item object."""
    return {
        "namespace": item.namespace,
        "key": item.key,
        "value": item.value,
        "created_at": moment_to_wire(item.created_at),
        "updated_at": moment_to_wire(item.updated_at),
    }


def search_item_to_wire(item: SearchItem) -> dict[str, Any]:
    """An Item object as a search returns it; `score` is null unless it was searched by meaning."""
    return {**item_to_wire(item), "score": item.score}


def updated_to_wire(config: Any) -> dict[str, Any]:
    """The answer to a state update: the new checkpoint, in the three spellings that clients read."""
    keys = ("thread_id", "checkpoint_ns", "checkpoint_id")
    checkpoint = {key: config["configurable"].get(key, "") for key in keys}
    return {"checkpoint": checkpoint, "configurable": checkpoint, "checkpoint_id": checkpoint["checkpoint_id"]}


def selected(objects: Iterable[dict[str, Any]], select: Sequence[str] | None) -> list[dict[str, Any]]:
    """Only the asked-for fields of each object; all of them without `select`."""
    if not select:
        return list(objects)
    return [{key: item[key] for key in select} for item in objects]


def extracted(
    objects: Iterable[dict[str, Any]], answers: list[dict[str, Any]], extract: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The answers, each with what the paths find in its object, by alias."""
    if not extract:
        return answers
    paths = {alias: Path.parse(path) for alias, path in extract.items()}
    return [
        {**answer, "extracted": {alias: path.find(item) for alias, path in paths.items()}}
        for item, answer in zip(objects, answers, strict=True)
    ]
