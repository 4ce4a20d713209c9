"""`http.mount_prefix` of langgraph.json: everything is served below a path."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from runline.doors.http import json_response

ALSO_AT_THE_ROOT = frozenset({"/", "/ok", "/ready"})
"""Observed for the first two: whoever looks after the process need not know the prefix."""


class MountPrefix:
    """Middleware: takes the prefix for the root path, as a proxy would name it, and answers 404 beside it.

    Observed: `Location` and `Content-Location` have no prefix. Clients append them to their base URL, which has it.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is below the prefix."""
        path = scope.get("path", "")
        if f"{path}/".startswith(f"{self._prefix}/"):
            await self._app({**scope, "root_path": self._prefix}, receive, send)
        elif scope["type"] == "lifespan" or path in ALSO_AT_THE_ROOT:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        else:
            await json_response({"detail": "Not Found"}, status=404)(scope, receive, send)
