"""What a test must not leave behind: asyncio tasks and open database connections."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kit.waiting import wait_until

_PATIENCE_SECONDS = 15
_OF_CONNECTIONS = ("database-", "_connection_worker_thread")


@asynccontextmanager
async def nothing_leaks() -> AsyncIterator[None]:
    """Fail if there are more tasks or SQLite connections at the end than at the beginning."""
    tasks, connections = asyncio.all_tasks(), _connections()
    yield

    def left() -> list[str]:
        return [str(task) for task in _others() - tasks] + [thread.name for thread in _connections() - connections]

    try:
        await wait_until(lambda: not left(), timeout=_PATIENCE_SECONDS)
    except TimeoutError:
        raise AssertionError(f"The test left behind: {left()}") from None


def _others() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


def _connections() -> set[threading.Thread]:
    """A database has threads of its own, and aiosqlite gives one to every open connection."""
    return {thread for thread in threading.enumerate() if any(part in thread.name for part in _OF_CONNECTIONS)}
