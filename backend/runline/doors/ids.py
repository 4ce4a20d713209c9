"""Ids that requests name: UUIDs parsed before use, each refused in the platform's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from runline.errors import Invalid
from runline.kit.ids import parse_id

UuidText = Annotated[str, Path(json_schema_extra={"format": "uuid"})]


def parsed_id(noun: str, text: str) -> str:
    """The id in its canonical form. Raises Invalid."""
    if (parsed := parse_id(text)) is None:
        raise Invalid(f"Invalid {noun} ID: must be a UUID")
    return parsed


async def thread_id_in_path(thread_id: UuidText) -> str:
    """A thread's id. Raises Invalid."""
    return parsed_id("thread", thread_id)


ThreadId = Annotated[str, Depends(thread_id_in_path)]
