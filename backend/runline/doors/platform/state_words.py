"""How the state of threads is spelled on the platform's wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from langgraph.types import PregelTask, StateSnapshot

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


def updated_to_wire(config: Any) -> dict[str, Any]:
    """The answer to a state update: the new checkpoint, in the three spellings that clients read."""
    keys = ("thread_id", "checkpoint_ns", "checkpoint_id")
    checkpoint = {key: config["configurable"].get(key, "") for key in keys}
    return {"checkpoint": checkpoint, "configurable": checkpoint, "checkpoint_id": checkpoint["checkpoint_id"]}
