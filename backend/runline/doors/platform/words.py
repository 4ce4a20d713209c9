"""The translation table between the model and the platform's wire: nouns, names and spellings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langgraph.store.base import Item, SearchItem

from runline.doors.words import known_moment, moment_to_wire, usage_to_wire
from runline.graphs.weights import Weight
from runline.model.assistant import Assistant, AssistantVersion
from runline.model.extract import Path
from runline.model.run import Run
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
        "run_started_at": known_moment(run.started_at),
        "run_ended_at": known_moment(run.ended_at),
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
