"""Supervised background tasks: named, listed in one place, and never silently dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any

import structlog

log = structlog.get_logger()

_FIRST_BACKOFF_SECONDS = 0.1
_LAST_BACKOFF_SECONDS = 10.0


class TaskSet:
    """Owns every background task of a Core; leaving it cancels and awaits them all."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> TaskSet:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` once in the background; an exception that nobody awaits is logged."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def supervise(self, name: str, step: Callable[[], Awaitable[None]]) -> asyncio.Task[Any]:
        """Call `step` for ever; a failure is logged and retried with growing backoff."""
        return self.spawn(name, _loop(name, step))

    def _reap(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background task failed", task=task.get_name(), exc_info=error)


async def _loop(name: str, step: Callable[[], Awaitable[None]]) -> None:
    backoff = _FIRST_BACKOFF_SECONDS
    while True:
        try:
            await step()
            backoff = _FIRST_BACKOFF_SECONDS
        except (Exception, asyncio.CancelledError) as exc:
            # a cancellation that is not the loop's own came out of something it awaited
            task = asyncio.current_task()
            if isinstance(exc, asyncio.CancelledError) and (task is None or task.cancelling()):
                raise
            log.exception("loop step failed, will retry", loop=name, retry_in_seconds=backoff)
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, _LAST_BACKOFF_SECONDS)
