"""The words of the protocol: envelopes of replies, codes of errors, states and trees."""

from __future__ import annotations

from typing import Any

from langgraph.types import StateSnapshot

from runline.errors import (
    CheckpointNotFound,
    InterruptNotFound,
    Invalid,
    NamespaceNotFound,
    NeverRan,
    NotServed,
    RunlineError,
    RunNotFound,
)
from runline.runs.agent_tree import Branch

INVALID = "invalid_argument"


class NoSuchSubscription(RunlineError):
    """A subscription that is not, or no more, on this connection."""

    status = 404

    def __init__(self, subscription_id: str) -> None:
        super().__init__(f"Unknown subscription: {subscription_id}")


class UnknownCommand(RunlineError):
    """A method that the protocol does not have, or that nobody serves."""

    status = 404

    def __init__(self, method: str) -> None:
        super().__init__(f"Unknown protocol command: {method}")


class WrongParams(Invalid):
    """Params of a command that are not what it takes."""


_CODES: dict[type[RunlineError], str] = {
    WrongParams: INVALID,
    UnknownCommand: "unknown_command",
    NoSuchSubscription: "no_such_subscription",
    NeverRan: "no_such_run",
    RunNotFound: "no_such_run",
    InterruptNotFound: "no_such_interrupt",
    NamespaceNotFound: "no_such_namespace",
    CheckpointNotFound: "no_such_checkpoint",
    NotServed: "not_supported",
}


def success_to_wire(command_id: int, result: dict[str, Any], through: int) -> dict[str, Any]:
    """The reply to a command that was carried out, when the thread had told all up to `through`."""
    return {"type": "success", "id": command_id, "result": result, "meta": {"applied_through_seq": through}}


def error_to_wire(command_id: Any, exc: RunlineError) -> dict[str, Any]:
    """The reply to a command that was refused. Other errors than the protocol's own begin with their status."""
    if code := _CODES.get(type(exc)):
        return {"type": "error", "id": command_id, "error": code, "message": str(exc)}
    return {"type": "error", "id": command_id, "error": "unknown_error", "message": f"{exc.status}: {exc}"}


def malformed_to_wire(sent: Any, exc: RunlineError) -> dict[str, Any]:
    """The reply to what is no command; its id comes back if it could be one. `detail` is what HTTP clients look for."""
    command_id = sent.get("id") if isinstance(sent, dict) else None
    known = command_id if isinstance(command_id, int) and not isinstance(command_id, bool) else None
    return {"type": "error", "id": known, "error": INVALID, "message": str(exc), "detail": str(exc)}


def state_to_wire(snapshot: StateSnapshot, keys: list[str] | None) -> dict[str, Any]:
    """The result of `state.get`."""
    values = snapshot.values
    if keys is not None and isinstance(values, dict):
        values = {key: values[key] for key in keys if key in values}
    configurable = snapshot.config["configurable"]
    checkpoint = {"id": configurable.get("checkpoint_id"), "ns": configurable.get("checkpoint_ns", "")}
    return {"values": values, "checkpoint": checkpoint}


def tree_to_wire(branch: Branch) -> dict[str, Any]:
    """The result of `agent.getTree`, without its envelope."""
    node = {"namespace": list(branch.namespace), "status": branch.status, "graph_name": branch.graph_name}
    return {**node, "children": [tree_to_wire(child) for child in branch.children]} if branch.children else node
