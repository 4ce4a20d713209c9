"""Request bodies about threads. The rules are those of `schemas.py`."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from runline.doors.bodies import Body, JsonObject, OptionalObject
from runline.doors.platform.schemas import CommandBody, Limit, Offset, SortOrder
from runline.model.extract import Path
from runline.model.lifecycle import ThreadStatus
from runline.model.ttl import PruneStrategy

_TEN_YEARS_IN_MINUTES = 5_256_000

Minutes = Annotated[float, Field(strict=True, gt=0, le=_TEN_YEARS_IN_MINUTES)]
ThreadIds = Annotated[list[UUID], Field(max_length=1000)]


def _as_ttl(value: Any) -> Any:
    """A number is so many minutes."""
    return {"ttl": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class TtlBody(Body):
    """How long a thread lives, and what happens then."""

    ttl: Minutes
    strategy: PruneStrategy = PruneStrategy.DELETE


OptionalTtl = Annotated[TtlBody | None, BeforeValidator(_as_ttl)]


class NodeUpdateBody(Body):
    """What a node would have written."""

    as_node: str
    values: JsonObject | list[Any] | None = None
    command: CommandBody | None = None

    @model_validator(mode="after")
    def _one_of(self) -> NodeUpdateBody:
        if self.values is not None and self.command is not None:
            raise ValueError("give either 'values' or 'command'")
        if self.command is not None and self.command.resume is not None:
            raise ValueError("nothing waits for 'command.resume' on a thread that is being created")
        return self


class SuperstepBody(Body):
    """Updates that were made in one step."""

    updates: Annotated[list[NodeUpdateBody], Field(max_length=1000)]


def _without_assistant(metadata: dict[str, Any]) -> dict[str, Any]:
    # observed: a thread's assistant is that of its runs, and nobody else says which
    return {key: value for key, value in metadata.items() if key != "assistant_id"}


ThreadMetadata = Annotated[OptionalObject, AfterValidator(_without_assistant)]


class ThreadCreateBody(Body):
    """Creation of a thread."""

    thread_id: UUID | None = None
    metadata: ThreadMetadata = Field(default_factory=dict)
    if_exists: Literal["raise", "do_nothing"] | None = None
    ttl: OptionalTtl = None
    supersteps: Annotated[list[SuperstepBody], Field(max_length=10_000)] | None = None


class ThreadPatchBody(Body):
    """Change of a thread."""

    metadata: ThreadMetadata = Field(default_factory=dict)
    ttl: OptionalTtl = None


class ThreadPruneBody(Body):
    """Which threads to prune, and how."""

    thread_ids: ThreadIds
    strategy: PruneStrategy = PruneStrategy.DELETE


class ThreadCountBody(Body):
    """Which threads."""

    metadata: OptionalObject = Field(default_factory=dict)
    values: OptionalObject = Field(default_factory=dict)
    status: ThreadStatus | None = None


def _alias(text: str) -> str:
    if not (text.isascii() and text.isidentifier()):
        raise ValueError(f"Extract key '{text}' must be a valid identifier (letters, digits, underscores)")
    return text


Alias = Annotated[str, Field(max_length=1000), AfterValidator(_alias)]


def _path(text: str) -> str:
    Path.parse(text)
    return text


ExtractPath = Annotated[str, Field(max_length=1000), AfterValidator(_path)]

SelectedField = Literal[
    "thread_id",
    "created_at",
    "updated_at",
    "state_updated_at",
    "metadata",
    "config",
    "status",
    "values",
    "interrupts",
    "error",
]


class ThreadSearchBody(ThreadCountBody):
    """Which threads, in which order, which of their fields, and what to take out of these by path."""

    ids: ThreadIds | None = None
    limit: Limit = 10
    offset: Offset = 0
    sort_by: Literal["thread_id", "status", "created_at", "updated_at", "state_updated_at"] | None = None
    sort_order: SortOrder | None = None
    select: list[SelectedField] | None = None
    extract: Annotated[dict[Alias, ExtractPath], Field(max_length=10)] | None = None
