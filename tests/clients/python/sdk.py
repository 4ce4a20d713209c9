"""The two clients of the Python SDK behind one way of calling them, so that one suite is for both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from inspect import isawaitable
from itertools import islice
from operator import attrgetter
from typing import Any, Protocol

from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.client import LangGraphClient, SyncLangGraphClient

AREAS = ("assistants", "threads", "runs", "crons", "store")


def methods_of(client: LangGraphClient | SyncLangGraphClient) -> list[str]:
    """Every public method of a client: `threads.create` and so on."""
    areas = {area: getattr(client, area) for area in AREAS}
    return [f"{area}.{name}" for area, its in areas.items() for name in dir(its) if _is_method(its, name)]


def _is_method(owner: object, name: str) -> bool:
    return not name.startswith("_") and callable(getattr(owner, name))


class Sdk(Protocol):
    """A client that notes what was called on it."""

    called: set[str]

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        """Call `threads.create` or the like; a stream comes as a list, once it has ended."""

    def take(self, count: int, method: str, *args: Any, **options: Any) -> list[Any]:
        """The first parts of a stream that may never end."""

    def run_by_stream(self, **session: Any) -> Any:
        """The output of a run of `threads.stream(**session)`, without input."""


class SyncSdk:
    """The client for programs without an event loop."""

    def __init__(self, client: SyncLangGraphClient) -> None:
        self._client = client
        self.called: set[str] = set()

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        found = self._find(method)(*args, **options)
        return list(found) if isinstance(found, Iterator) else found

    def take(self, count: int, method: str, *args: Any, **options: Any) -> list[Any]:
        return list(islice(self._find(method)(*args, **options), count))

    def run_by_stream(self, **session: Any) -> Any:
        with self._find("threads.stream")(**session) as stream:
            stream.run.start(input={})
            return stream.output

    def _find(self, method: str) -> Any:
        self.called.add(method)
        return attrgetter(method)(self._client)


class AsyncSdk:
    """The client for asyncio, with an event loop of its own."""

    def __init__(self, client: LangGraphClient, runner: asyncio.Runner) -> None:
        self._client, self._runner = client, runner
        self.called: set[str] = set()

    def call(self, method: str, *args: Any, **options: Any) -> Any:
        return self._runner.run(self._call(method, *args, **options))

    def take(self, count: int, method: str, *args: Any, **options: Any) -> list[Any]:
        return self._runner.run(self._take(count, method, *args, **options))

    def run_by_stream(self, **session: Any) -> Any:
        return self._runner.run(self._run_by_stream(**session))

    async def _call(self, method: str, *args: Any, **options: Any) -> Any:
        found = self._find(method)(*args, **options)
        found = await found if isawaitable(found) else found
        return [part async for part in found] if isinstance(found, AsyncIterator) else found

    async def _take(self, count: int, method: str, *args: Any, **options: Any) -> list[Any]:
        found = self._find(method)(*args, **options)
        stream = await found if isawaitable(found) else found
        parts = [await anext(stream) for _ in range(count)]
        await stream.aclose()
        return parts

    async def _run_by_stream(self, **session: Any) -> Any:
        async with self._find("threads.stream")(**session) as stream:
            await stream.run.start(input={})
            return await stream.output

    def _find(self, method: str) -> Any:
        self.called.add(method)
        return attrgetter(method)(self._client)


METHODS = {
    "async": methods_of(get_client(url="http://nobody")),
    "sync": methods_of(get_sync_client(url="http://nobody")),
}
