"""Request bodies of the platform API. Unknown fields are ignored; fields we know of but do not support are refused.

Divergence 6: nothing is accepted and then ignored. Divergence 34: null means "not given".
Divergence 54: `feedback_keys` are kept and returned, no more.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from runline.doors.bodies import Body, Goto, JsonObject, OptionalObject, RunConfig, Update
from runline.model.lifecycle import MultitaskStrategy

_TEN_YEARS_IN_SECONDS = 315_360_000

# a path of names: langgraph's savers take no other characters, and SQLite no empty name
FilterKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$", max_length=1000)]
StreamMode = Literal[
    "values", "messages", "messages-tuple", "tasks", "checkpoints", "updates", "events", "debug", "custom"
]
SortOrder = Literal["asc", "desc"]
# strict: text is neither a number nor a truth, and a truth is no number, however it could be read
Flag = Annotated[bool, Field(strict=True)]
Limit = Annotated[int, Field(strict=True, ge=1, le=1000)]
Offset = Annotated[int, Field(strict=True, ge=0, le=2**53)]


def _storable(value: Any) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("must be an integer of at most 64 bits")
    return value


FilterValue = Annotated[Any, BeforeValidator(_storable)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class CheckpointRef(Body):
    """A checkpoint of a thread."""

    checkpoint_id: UUID | None = None
    checkpoint_ns: str | None = None
    checkpoint_map: JsonObject | None = None


class CheckpointName(Body):
    """A checkpoint of a thread to read: one that does not exist reads as empty."""

    checkpoint_id: str | None = None
    checkpoint_ns: str | None = None
    checkpoint_map: dict[str, str] | None = None


class CommandBody(Body):
    """`command` of a run."""

    update: Update | None = None
    resume: Any = None
    goto: Goto | None = None


class RunFields(Body):
    """What runs are asked for with, those of crons included."""

    unsupported: ClassVar[tuple[str, ...]] = ("langsmith_tracer", "strict_resume")

    input: Any = None
    command: CommandBody | None = None
    metadata: OptionalObject = Field(default_factory=dict)
    config: RunConfig | None = None
    context: OptionalObject = Field(default_factory=dict)
    interrupt_before: Literal["*"] | list[str] | None = None
    interrupt_after: Literal["*"] | list[str] | None = None
    stream_mode: Annotated[list[StreamMode] | None, BeforeValidator(_as_list)] = None
    stream_subgraphs: Flag | None = None
    stream_resumable: Flag | None = None
    on_disconnect: Literal["cancel", "continue"] | None = None
    after_seconds: Annotated[float, Field(strict=True, ge=0, le=_TEN_YEARS_IN_SECONDS)] | None = None
    durability: Literal["sync", "async", "exit"] | None = None
    checkpoint_during: Flag | None = None
    webhook: Annotated[str, Field(min_length=1, max_length=65_536)] | None = None
    feedback_keys: list[str] | None = None


class RunBody(RunFields):
    """What every kind of run creation takes."""

    assistant_id: str


class ThreadRunBody(RunBody):
    """Creation of a run on a thread."""

    checkpoint: CheckpointRef | None = None
    checkpoint_id: UUID | None = None
    multitask_strategy: MultitaskStrategy | None = None
    if_not_exists: Literal["create", "reject"] | None = None


class StatelessRunBody(RunBody):
    """Creation of a run on a thread of its own."""

    on_completion: Literal["delete", "keep"] | None = None


class CancelManyBody(Body):
    """Which runs to cancel: all of a status, or some of a thread."""

    status: Literal["pending", "running", "all"] | None = None
    thread_id: UUID | None = None
    run_ids: Annotated[list[UUID], Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> CancelManyBody:
        by_id = self.thread_id is not None and self.run_ids is not None
        mixed = self.status is not None and (self.thread_id is not None or self.run_ids is not None)
        if mixed or not (by_id or self.status is not None):
            raise ValueError("give either 'status', or 'thread_id' with 'run_ids'")
        return self


class StateUpdateBody(Body):
    """New values for a thread."""

    values: JsonObject | list[Any] | None = None
    as_node: str | None = None
    checkpoint: CheckpointName | None = None
    checkpoint_id: str | None = None


class StateReadBody(Body):
    """Which state of a thread."""

    checkpoint: CheckpointName
    subgraphs: Flag | None = None


class HistoryBody(Body):
    """Which states of a thread."""

    limit: Limit = 1
    before: str | JsonObject | None = None
    metadata: Annotated[dict[FilterKey, FilterValue], Field(max_length=100)] | None = None
    checkpoint: CheckpointName | None = None


class AssistantCountBody(Body):
    """Which assistants."""

    metadata: OptionalObject = Field(default_factory=dict)
    graph_id: str | None = None
    name: Annotated[str, Field(max_length=1000)] | None = None


class AssistantSearchBody(AssistantCountBody):
    """Which assistants, in which order, and which of their fields."""

    limit: Limit = 10
    offset: Offset = 0
    sort_by: Literal["assistant_id", "created_at", "updated_at", "name", "graph_id"] | None = None
    sort_order: SortOrder | None = None
    select: (
        list[
            Literal[
                "assistant_id",
                "graph_id",
                "name",
                "description",
                "config",
                "context",
                "created_at",
                "updated_at",
                "metadata",
                "version",
            ]
        ]
        | None
    ) = None
