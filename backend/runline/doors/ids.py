"""Ids in paths: UUIDs parsed before use, each refused in the platform's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from runline.errors import Invalid
from runline.kit.ids import parse_id

_Text = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


async def thread_id_in_path(thread_id: _Text) -> str:
    """A thread's id. Raises Invalid."""
    return parsed_id("thread", thread_id)


async def run_id_in_path(run_id: _Text) -> str:
    """A run's id. Raises Invalid."""
    return parsed_id("run", run_id)


async def assistant_id_in_path(assistant_id: _Text) -> str:
    """An assistant's id; the name of a graph is not one here. Raises Invalid."""
    return parsed_id("assistant", assistant_id)


async def cron_id_in_path(cron_id: _Text) -> str:
    """A cron's id. Raises Invalid."""
    return parsed_id("cron", cron_id)


async def feedback_id_in_path(feedback_id: _Text) -> str:
    """A feedback's id. Raises Invalid."""
    return parsed_id("feedback", feedback_id)


def parsed_id(noun: str, text: str) -> str:
    """The id in its canonical form. Raises Invalid."""
    if (parsed := parse_id(text)) is None:
        raise Invalid(f"Invalid {noun} ID: must be a UUID")
    return parsed


ThreadId = Annotated[str, Depends(thread_id_in_path)]
RunId = Annotated[str, Depends(run_id_in_path)]
AssistantId = Annotated[str, Depends(assistant_id_in_path)]
CronId = Annotated[str, Depends(cron_id_in_path)]
FeedbackId = Annotated[str, Depends(feedback_id_in_path)]
