"""The LangGraph Platform API: the main door, at "/" and under "/api"."""

from __future__ import annotations

from fastapi import APIRouter

from runline.doors.platform import assistants, runs, state, stateless, system, threads


def router() -> APIRouter:
    """All routes of this door."""
    door = APIRouter()
    for noun in (system, assistants, threads, state, runs, stateless):
        door.include_router(noun.routes)
    return door
