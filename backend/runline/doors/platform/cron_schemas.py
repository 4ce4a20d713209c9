"""Request bodies of crons: a run's, and when to make it.

Divergence 6: nothing is accepted and then ignored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from runline.doors.bodies import Body, OptionalObject
from runline.doors.platform.schemas import Flag, Limit, Offset, RunBody, RunFields, SortOrder
from runline.model.lifecycle import MultitaskStrategy

_NEVER_OF_CRONS = ("checkpoint", "checkpoint_id", "on_disconnect", "after_seconds", "if_not_exists", "on_completion")


def _moment(value: Any) -> Any:
    """ISO 8601; without an offset it is UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError) as exc:
        raise ValueError("must be a time in ISO 8601") from exc


EndTime = Annotated[datetime | None, BeforeValidator(_moment)]
OnRunCompleted = Literal["delete", "keep"]


class CronFields(RunFields):
    """What both kinds of creation take, and changes."""

    unsupported = (*RunFields.unsupported, *_NEVER_OF_CRONS)

    timezone: str | None = None
    end_time: EndTime = None
    enabled: Flag | None = None
    multitask_strategy: MultitaskStrategy | None = None


class ThreadCronBody(CronFields, RunBody):
    """Creation of a cron on a thread, which keeps it."""

    unsupported = (*CronFields.unsupported, "on_run_completed")

    schedule: str


class StatelessCronBody(CronFields, RunBody):
    """Creation of a cron each of whose runs gets a thread."""

    schedule: str
    on_run_completed: OnRunCompleted | None = None


class CronPatchBody(CronFields):
    """Change of a cron: the fields that are there. Only `end_time` can be taken away by null."""

    unsupported = (*CronFields.unsupported, "assistant_id")

    schedule: str | None = None
    on_run_completed: OnRunCompleted | None = None

    @model_validator(mode="before")
    @classmethod
    def _null_is_no_value(cls, data: Any) -> Any:
        for name in cls.model_fields if isinstance(data, dict) else ():
            if name != "end_time" and name in data and data[name] is None:
                raise ValueError(f"the field '{name}' must not be null")
        return data


class CronCountBody(Body):
    """Which crons."""

    assistant_id: UUID | None = None
    thread_id: UUID | None = None
    enabled: Flag | None = None
    metadata: OptionalObject = Field(default_factory=dict)


class CronSearchBody(CronCountBody):
    """Which crons, in which order, and which of their fields."""

    limit: Limit = 10
    offset: Offset = 0
    sort_by: (
        Literal["cron_id", "assistant_id", "thread_id", "created_at", "updated_at", "next_run_date", "end_time"] | None
    ) = None
    sort_order: SortOrder | None = None
    select: (
        list[
            Literal[
                "cron_id",
                "assistant_id",
                "thread_id",
                "user_id",
                "end_time",
                "schedule",
                "timezone",
                "payload",
                "next_run_date",
                "metadata",
                "on_run_completed",
                "enabled",
                "last_error",
                "created_at",
                "updated_at",
            ]
        ]
        | None
    ) = None
