"""The agent streaming protocol ("v2"): commands on threads, and their events, over HTTP and WebSockets."""

from __future__ import annotations

from fastapi import APIRouter

from runline.doors.protocol import routes, socket


def router() -> APIRouter:
    """All routes of this door."""
    return APIRouter(routes=[*routes.routes.routes, *socket.routes.routes])
