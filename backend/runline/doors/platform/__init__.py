"""The LangGraph Platform API: the main door, at "/" and under "/api"."""

from __future__ import annotations

from fastapi import APIRouter

from runline.doors.platform import assistants, runs, state, stateless, system, threads, webhooks


def router() -> APIRouter:
    """All routes of this door, on one level: each level more is searched anew with every request."""
    nouns = (system, assistants, threads, state, runs, stateless, webhooks)
    return APIRouter(routes=[route for noun in nouns for route in noun.routes.routes])
