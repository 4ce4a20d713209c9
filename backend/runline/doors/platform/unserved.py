"""MCP and A2A, which this version does not speak: 501, rather than a 404 that looks like a wrong address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from runline.errors import NotServed

routes = APIRouter(include_in_schema=False)

_ALL = ["GET", "POST", "DELETE"]


@routes.api_route("/mcp", methods=_ALL)
@routes.api_route("/mcp/", methods=_ALL)
async def mcp() -> Response:
    """Refuse: graphs are not offered as MCP tools."""
    raise NotServed("MCP")


@routes.api_route("/a2a/{assistant_id}", methods=_ALL)
async def a2a(assistant_id: str) -> Response:  # noqa: ARG001 - FastAPI wants what the path names
    """Refuse: assistants cannot be called as A2A agents."""
    raise NotServed("A2A")
