"""Run creation bodies to RunSpecs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from runline.doors.http import WireOptions
from runline.doors.platform.schemas import RunFields, StatelessRunBody, ThreadRunBody
from runline.model.lifecycle import MultitaskStrategy
from runline.model.run import RunSpec


def thread_run_spec(body: ThreadRunBody, wire: WireOptions, headers: Mapping[str, str]) -> RunSpec:
    """What the caller asked for on a thread. Raises Invalid."""
    return RunSpec(
        assistant_id=body.assistant_id,
        **run_fields(body, wire),
        checkpoint=_checkpoint(body),
        multitask_strategy=body.multitask_strategy or MultitaskStrategy.ENQUEUE,
        create_thread=body.if_not_exists == "create",
        headers=dict(headers),
    )


def stateless_run_spec(body: StatelessRunBody, wire: WireOptions, headers: Mapping[str, str]) -> RunSpec:
    """What the caller asked for without a thread: one is made, and goes with the run unless it is to be kept."""
    return RunSpec(
        assistant_id=body.assistant_id,
        **run_fields(body, wire),
        create_thread=True,
        temporary=True,
        keep_thread=body.on_completion == "keep",
        headers=dict(headers),
    )


def run_fields(body: RunFields, wire: WireOptions) -> dict[str, Any]:
    """What all kinds of runs are asked for with, by the names of RunSpec's fields. Raises Invalid."""
    wire.check_metadata(body.metadata)
    return {
        "input": body.input,
        "command": _plain(body.command),
        "config": _plain(body.config) or {},
        "context": body.context,
        "metadata": body.metadata,
        "stream_mode": tuple(body.stream_mode or ("values",)),
        "stream_subgraphs": bool(body.stream_subgraphs),
        "stream_resumable": bool(body.stream_resumable),
        "interrupt_before": body.interrupt_before,
        "interrupt_after": body.interrupt_after,
        "on_disconnect": body.on_disconnect or "continue",
        "after_seconds": body.after_seconds or 0.0,
        "durability": _durability(body),
        "webhook": body.webhook,
        "feedback_keys": body.feedback_keys,
    }


def _plain(part: BaseModel | None) -> dict[str, Any] | None:
    return part.model_dump(mode="json", exclude_unset=True) if part else None


def _durability(body: RunFields) -> str:
    """`durability`, or the older `checkpoint_during`, where false means to save at the exit only."""
    if body.durability:
        return body.durability
    return "exit" if body.checkpoint_during is False else "async"


def _checkpoint(body: ThreadRunBody) -> dict[str, Any] | None:
    """Where to fork from; the object wins over the plain id."""
    named = {"checkpoint_id": str(body.checkpoint_id)} if body.checkpoint_id else {}
    given = {key: value for key, value in (_plain(body.checkpoint) or {}).items() if value is not None}
    return {**named, **given} or None
