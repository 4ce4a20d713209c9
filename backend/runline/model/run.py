"""One execution, and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from runline.model.lifecycle import MultitaskStrategy, RunStatus, StopReason

STREAM_MODES = (
    "values",
    "messages",
    "messages-tuple",
    "tasks",
    "checkpoints",
    "updates",
    "events",
    "debug",
    "custom",
)


class StreamProtocol(StrEnum):
    """The words in which a run tells its events: those of `stream_mode`, or those of the agent streaming protocol."""

    CLASSIC = "classic"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class RunSpec:
    """What the caller asked for. Field names and shapes are those of the platform's run creation body.

    `config` and `context` are already merged with the assistant's; `after_seconds` counts from creation; `headers`
    are those of the request that the project wants in `configurable`; `trace` is where the run is in a trace.
    """

    assistant_id: str
    input: Any = None
    command: dict[str, Any] | None = None
    checkpoint: dict[str, Any] | None = None
    config: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    stream_mode: tuple[str, ...] = ("values",)
    stream_subgraphs: bool = False
    stream_resumable: bool = False
    interrupt_before: str | list[str] | None = None
    interrupt_after: str | list[str] | None = None
    on_disconnect: str = "continue"
    multitask_strategy: MultitaskStrategy = MultitaskStrategy.ENQUEUE
    create_thread: bool = False
    temporary: bool = False
    keep_thread: bool = False
    after_seconds: float = 0.0
    durability: str = "async"
    headers: dict[str, str] = field(default_factory=dict)
    webhook: str | None = None
    feedback_keys: list[str] | None = None
    protocol: StreamProtocol = StreamProtocol.CLASSIC
    trace: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as stored: a frozen row. `attempt` counts from 1 once claimed; 0 means never started.

    `ordinal` is the how-many-th run of its thread to start it was, from 1; None until then. `due_at` is its place among
    the runs of its thread, which start in this order: its creation, or the end of its delay.

    `stop_requested` is the durable half of a cancel; `error` is {"error", "message"} of a failed run.
    """

    run_id: str
    thread_id: str
    graph_id: str
    owner: str
    status: RunStatus
    spec: RunSpec
    metadata: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    due_at: datetime
    attempt: int = 0
    ordinal: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    stop_requested: StopReason | None = None
    error: dict[str, Any] | None = None

    @property
    def started(self) -> bool:
        """Whether a worker ever claimed it, so that it may have left checkpoints and must be stopped by one."""
        return self.attempt > 0

    def is_due(self, now: datetime) -> bool:
        """Whether it waits for nothing but its turn; what was not delayed never waits for a clock."""
        return not self.spec.after_seconds or self.due_at <= now

    @property
    def traceless(self) -> bool:
        """A stateless run whose thread goes when it ends; it runs without a checkpointer."""
        return self.spec.temporary and not self.spec.keep_thread

    @property
    def vanishes(self) -> bool:
        """Whether nothing is kept of it when it has ended, not even its stored events."""
        return self.traceless and not self.spec.stream_resumable


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """How an execution ended: a terminal status, and for a failed one {"error", "message"}.

    `values` are the state it came to, as its result shows it; `stopped_by` says why it was cut short, if it was.
    """

    status: RunStatus
    error: dict[str, Any] | None = None
    values: Any = None
    stopped_by: StopReason | None = None
