"""Answers that are written while they come into being: events, and results that are waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runline.core import Core
from runline.doors.http import WireOptions
from runline.errors import Invalid

log = structlog.get_logger()

_WAKING_SECONDS = 0.1
"""In which a loop that stood still hears of all sends that are over."""

FROM_THE_START = frozenset({"-1", "0", "-"})
"""What a Last-Event-ID may be that is not the id of an event."""


def position(last_event_id: str) -> int:
    """The place in a run's stream or log that a Last-Event-ID names; 0 is its start. Raises Invalid."""
    if last_event_id in FROM_THE_START:
        return 0
    if not (last_event_id.isascii() and last_event_id.isdigit()) or len(last_event_id) > 15:
        raise Invalid("Invalid Last-Event-ID: must be the id of an event of this run, or -1 for all")
    return int(last_event_id)


class AnswerCut(Exception):
    """Ends a LiveResponse without its end: the client is to reconnect."""


class LiveResponse(Response):
    """An answer that is written while it comes into being, kept alive by heartbeats.

    sse-starlette was looked at and left: it ends streams at the first signal, which would cut off the runs that a
    drain gives time to finish, and it spends four tasks on each stream. This response also serves `/wait`, whose
    heartbeat is a newline.

    `gone` is called when the client leaves before the end. A client that takes nothing for `send_timeout_seconds`
    is dropped.
    """

    def __init__(
        self,
        chunks: AsyncIterator[bytes],
        wire: WireOptions,
        *,
        media_type: str,
        heartbeat: bytes,
        headers: Mapping[str, str],
        gone: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.status_code = 200
        self.media_type = media_type
        self.background = None
        self._chunks = chunks
        self._heartbeat = heartbeat
        self._wire = wire
        self._gone = gone
        self.sending = False
        self._moved_at = asyncio.get_running_loop().time()
        self.init_headers(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the chunks end or the client is gone."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_disconnected(receive))
        watch = _Watch(self, sending, send)
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if watch.dropped:
                log.info("a reader took nothing and was dropped")
            elif sending.done() and not sending.cancelled():
                sending.result()
            left = watch.dropped or (leaving.done() and not sending.done())
        except AnswerCut as exc:
            # without its last chunk the client sees a broken answer, and comes again
            log.info("an answer was cut", reason=str(exc))
            left = False
        finally:
            helpers = (sending, leaving, *watch.stopped())
            for task in helpers:
                task.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        if left and self._gone:
            await asyncio.shield(self._gone())

    async def _send_all(self, send: Send) -> None:
        async for chunk in self._chunks:
            await self._send(send, chunk)
            # it may be large, and the next one long in coming
            del chunk
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    @property
    def patience(self) -> float:
        """How many seconds are left until something is to be done: a heartbeat to be sent, or the client dropped."""
        seconds = self._wire.send_timeout_seconds if self.sending else self._wire.heartbeat_seconds
        return self._moved_at - asyncio.get_running_loop().time() + seconds

    @property
    def look_seconds(self) -> float:
        """After how many seconds to look again, at the latest: a send may begin and end at any time."""
        return min(self._wire.heartbeat_seconds, self._wire.send_timeout_seconds)

    async def beat(self, send: Send) -> None:
        """Send a heartbeat."""
        await self._send(send, self._heartbeat)

    async def _send(self, send: Send, body: bytes) -> None:
        clock = asyncio.get_running_loop().time
        self.sending, self._moved_at = True, clock()
        await send({"type": "http.response.body", "body": body, "more_body": True})
        self.sending, self._moved_at = False, clock()


class _Watch:
    """Has a heartbeat sent after each silence, and drops a client that takes nothing.

    One watch for all sends: a timer for each of them was a tenth of what a delivery costs. And a timer instead of a
    task: most answers wait for most of their time, and a task takes 2 KB.
    """

    def __init__(self, answer: LiveResponse, sending: asyncio.Task[None], send: Send) -> None:
        self.dropped = False
        self._answer = answer
        self._sending = sending
        self._send = send
        self._beating: asyncio.Task[None] | None = None
        self._look()

    def stopped(self) -> Sequence[asyncio.Task[None]]:
        """Look no more; returns the heartbeat that is under way, if there is one."""
        self._timer.cancel()
        return (self._beating,) if self._beating else ()

    def _look(self) -> None:
        left = self._answer.patience
        if left <= 0 and self._answer.sending:
            # as the loop goes on after a standstill, the client may have taken all, of which the send is yet to hear
            self._timer = asyncio.get_running_loop().call_later(_WAKING_SECONDS, self._drop)
            return
        if left <= 0:
            self._beating = asyncio.create_task(self._answer.beat(self._send))
            self._beating.add_done_callback(self._beaten)
            left = self._answer.look_seconds
        self._timer = asyncio.get_running_loop().call_later(min(left, self._answer.look_seconds), self._look)

    def _drop(self) -> None:
        if self._answer.sending and self._answer.patience <= 0:
            self.dropped = self._sending.cancel()
        else:
            self._look()

    def _beaten(self, beating: asyncio.Task[None]) -> None:
        self._beating = None
        if not beating.cancelled() and beating.exception():
            self._sending.cancel()


class EventResponse(LiveResponse):
    """A LiveResponse that is counted while it is read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the events end or the client is gone."""
        core: Core = scope["app"].state.core
        with core.meters.reading():
            await super().__call__(scope, receive, send)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def sse(
    frames: AsyncIterator[bytes],
    wire: WireOptions,
    headers: Mapping[str, str],
    gone: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer with server-sent events that are encoded already."""
    fixed = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", **headers}
    return EventResponse(
        frames,
        wire,
        media_type="text/event-stream; charset=utf-8",
        heartbeat=b": heartbeat\r\n\r\n",
        headers=fixed,
        gone=gone,
    )


def late_json(
    document: Callable[[], Awaitable[bytes]],
    wire: WireOptions,
    headers: Mapping[str, str],
    gone: Callable[[], Awaitable[None]] | None = None,
) -> Response:
    """Answer at once, with newlines until the JSON document is there: leading white space is valid JSON."""

    async def chunks() -> AsyncIterator[bytes]:
        yield await document()

    return LiveResponse(chunks(), wire, media_type="application/json", heartbeat=b"\n", headers=headers, gone=gone)
