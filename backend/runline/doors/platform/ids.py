"""Ids in paths: UUIDs parsed before use, each refused in the platform's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from runline.doors.ids import UuidText, parsed_id


async def run_id_in_path(run_id: UuidText) -> str:
    """A run's id. Raises Invalid."""
    return parsed_id("run", run_id)


async def assistant_id_in_path(assistant_id: UuidText) -> str:
    """An assistant's id; the name of a graph is not one here. Raises Invalid."""
    return parsed_id("assistant", assistant_id)


async def cron_id_in_path(cron_id: UuidText) -> str:
    """A cron's id. Raises Invalid."""
    return parsed_id("cron", cron_id)


RunId = Annotated[str, Depends(run_id_in_path)]
AssistantId = Annotated[str, Depends(assistant_id_in_path)]
CronId = Annotated[str, Depends(cron_id_in_path)]
