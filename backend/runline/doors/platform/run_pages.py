"""Which page of a list of runs, and which of their fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from runline.doors.spellings import spelled
from runline.errors import Invalid
from runline.model.lifecycle import RunStatus

RUN_FIELDS = (
    "run_id",
    "thread_id",
    "assistant_id",
    "metadata",
    "status",
    "kwargs",
    "multitask_strategy",
    "created_at",
    "updated_at",
    "usage",
)


@dataclass(frozen=True, slots=True)
class RunPage:
    """`select` is None for all fields."""

    limit: int
    offset: int
    status: RunStatus | None
    select: list[str] | None


def run_page(*more_fields: str) -> Callable[..., Awaitable[RunPage]]:
    """The dependency that reads a page from the query; `more_fields` may be selected beside those of a Run."""
    known = {*RUN_FIELDS, *more_fields}

    async def in_query(
        limit: Annotated[int, Query(ge=1, le=1000)] = 10,
        offset: Annotated[int, Query(ge=0, le=2**53)] = 0,
        status: RunStatus | None = None,
        select: Annotated[list[str] | None, Query()] = None,
    ) -> RunPage:
        columns = spelled(select or ())
        if unknown := sorted(set(columns) - known):
            raise Invalid(f"Invalid select columns: {', '.join(unknown)}")
        return RunPage(limit, offset, status, columns or None)

    return in_query
