"""What stands before all routes: the limit of bodies, and the answer when nothing else has one."""

from __future__ import annotations

import asyncio

import structlog
from fastapi import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runline.doors.http import json_response

log = structlog.get_logger()


_CUT_OFF = {"detail": "The gateway is shutting down; send the request again in a moment."}


class LastResort:
    """Middleware: answers what nobody foresaw with a plain 500 and keeps the connection.

    What is cancelled, as a shutdown does when its patience ends, is a 503.

    Starlette's own handler raises the exception again, which resets a connection that the client may be using.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, noting whether an answer has begun."""
        begun = ended = False

        async def noted(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            await send(message)
            ended = not message.get("more_body", message["type"] == "http.response.start")

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            if scope["type"] != "http" or begun:
                raise
            await json_response(_CUT_OFF, status=503, headers={"Retry-After": "1"})(scope, receive, send)
        except Exception as exc:
            if scope["type"] != "http" or (begun and not ended):
                raise
            log.exception("request failed", exc_info=exc)
            if not begun:
                await json_response({"detail": "Internal Server Error"}, status=500)(scope, receive, send)


class BodyLimit:
    """Middleware: refuses bodies over `max_bytes` with 413, by their header or while they come in."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; with a counting `receive` if nobody knows how much there is to come."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not declared.isdigit() or int(declared) > self._max_bytes:
            await self._refuse()(scope, receive, send)
            return
        if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
            # the server takes no more than the header says; and who streams would hold on to the counter
            await self._app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, self._sentence())
            return message

        await self._app(scope, counted, send)

    def _sentence(self) -> str:
        return f"The request body is larger than {self._max_bytes} bytes."

    def _refuse(self) -> Response:
        return json_response({"detail": self._sentence()}, status=413, headers={"Connection": "close"})
