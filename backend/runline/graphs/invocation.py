"""From a Run to what langgraph is called with: the input or Command, the config, the context.

Rules (observed on the platform): a body has either `config.configurable` or `context`, and each is mirrored into the
other; the run's keys win over the assistant's; the identifying keys are set by the server whatever the caller sent.

Divergence 5: the caller's forged identifying keys reach neither `configurable` nor `context`.
Divergence 35: metadata tells of the run and of LangGraph, and not of the official server.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from uuid import UUID

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Send

from runline.graphs.registry import AnyGraph
from runline.kit.ids import new_id
from runline.model.assistant import Assistant, refuse_both
from runline.model.run import Run, RunSpec

INJECTED_KEYS = frozenset(
    {
        "run_id",
        "thread_id",
        "graph_id",
        "assistant_id",
        "user_id",
        "langgraph_auth_user",
        "langgraph_auth_user_id",
        "langgraph_auth_permissions",
        "langgraph_request_id",
    }
)
"""Keys of `configurable` that only the server sets."""

_POSITION_KEYS = frozenset({"checkpoint_id", "checkpoint_ns", "checkpoint_map"})
_PASSED_ON = frozenset({"tags", "recursion_limit", "run_name", "max_concurrency"})
_LANGGRAPH_VERSION = version("langgraph")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The arguments of one execution; `input` is None to go on from the checkpoint."""

    input: Any
    config: RunnableConfig
    context: Any
    options: dict[str, Any]


def merge_config(
    assistant: Assistant, config: dict[str, Any], context: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Merge a creation body's config and context with the assistant's; raises BadRequest if it has both."""
    sent = config.get("configurable") or {}
    refuse_both(sent, context)
    defaults = {**(assistant.config.get("configurable") or {}), **assistant.context}
    merged = {key: value for key, value in {**defaults, **sent, **context}.items() if _is_callers(key)}
    mirrored = {key: value for key, value in merged.items() if key not in _POSITION_KEYS}
    # one id per request, for telling apart what one client call did
    configurable = {**merged, "langgraph_request_id": new_id()}
    return {**assistant.config, **config, "configurable": configurable}, mirrored


def build_invocation(run: Run, graph: AnyGraph, config: RunnableConfig, *, resume: bool) -> Invocation:
    """Translate a claimed run with its `build_config`. `resume`: go on from the run's own newest checkpoint."""
    spec = run.spec
    if resume:
        configurable = {key: value for key, value in config["configurable"].items() if key not in _POSITION_KEYS}
        config = {**config, "configurable": {**configurable, "checkpoint_ns": ""}}
    return Invocation(
        input=None if resume else _input(spec),
        config=config,
        context=_context(graph, spec.context),
        options=_options(run),
    )


def thread_config(thread_id: str, checkpoint: dict[str, Any] | None = None) -> RunnableConfig:
    """The config that names a thread's newest checkpoint, or the given one."""
    position = {key: value for key, value in (checkpoint or {}).items() if key in _POSITION_KEYS}
    return {"configurable": {"checkpoint_ns": "", **position, "thread_id": thread_id}}


def _is_callers(key: str) -> bool:
    return key not in INJECTED_KEYS and not key.startswith("__")


def build_config(run: Run) -> RunnableConfig:
    """The config of a claimed run, with everything the server injects."""
    spec = run.spec
    configurable = {
        "checkpoint_ns": "",
        **spec.config.get("configurable", {}),
        **{name: value for name, value in spec.headers.items() if _is_callers(name) and name not in _POSITION_KEYS},
        **_position(spec.checkpoint),
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "graph_id": run.graph_id,
        "assistant_id": spec.assistant_id,
        "user_id": run.owner,
        "langgraph_auth_user": None,
        "langgraph_auth_user_id": run.owner,
        "langgraph_auth_permissions": [],
    }
    metadata = {
        **spec.config.get("metadata", {}),
        **run.metadata,
        "run_id": run.run_id,
        "thread_id": run.thread_id,
        "graph_id": run.graph_id,
        "assistant_id": spec.assistant_id,
        "run_attempt": run.attempt,
        "langgraph_version": _LANGGRAPH_VERSION,
        "langgraph_host": "self-hosted",
    }
    config = {key: value for key, value in spec.config.items() if key in _PASSED_ON}
    return {**config, "configurable": configurable, "metadata": metadata, "run_id": UUID(run.run_id)}  # type: ignore[typeddict-item]


def _options(run: Run) -> dict[str, Any]:
    spec = run.spec
    options = {"interrupt_before": spec.interrupt_before, "interrupt_after": spec.interrupt_after}
    # without a checkpointer there is nothing whose durability could be chosen
    return options if run.traceless else {**options, "durability": spec.durability}


def _position(checkpoint: dict[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (checkpoint or {}).items() if key in _POSITION_KEYS and value is not None}


def _input(spec: RunSpec) -> Any:
    """A Command if the body had one that says anything, else the input."""
    command = as_command(spec.command)
    return spec.input if command is None else command


def as_command(sent: dict[str, Any] | None) -> Command[Any] | None:
    """The Command that a body speaks of, if it says anything. JSON null answers no interrupt."""
    command = {key: value for key, value in (sent or {}).items() if value is not None}
    given: dict[str, Any] = {}
    if "resume" in command:
        given["resume"] = command["resume"]
    if "goto" in command:
        given["goto"] = _goto(command["goto"])
    if "update" in command:
        given["update"] = _update(command["update"])
    return Command(**given) if given else None


def _goto(goto: Any) -> Any:
    if isinstance(goto, list):
        return [_goto(target) for target in goto]
    return Send(goto["node"], goto.get("input")) if isinstance(goto, dict) else goto


def _update(update: Any) -> Any:
    return [tuple(pair) for pair in update] if isinstance(update, list) else update


def _context(graph: AnyGraph, context: dict[str, Any]) -> Any:
    """Only the keys that the graph's context schema knows: the mirror of `configurable` may hold others."""
    known = _field_names(graph.context_schema)
    if known is None:
        return context or None
    return {key: value for key, value in context.items() if key in known}


def _field_names(schema: Any) -> set[str] | None:
    if schema is None:
        return None
    if dataclasses.is_dataclass(schema):
        return {field.name for field in dataclasses.fields(schema)}
    if fields := getattr(schema, "model_fields", None):
        return set(fields)
    annotations = getattr(schema, "__annotations__", None)
    return set(annotations) if annotations is not None else None
