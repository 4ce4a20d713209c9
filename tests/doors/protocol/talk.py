"""What clients of the agent streaming protocol do, without an SDK: commands, and windows on the events of a thread."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx

from fundamentals.gate import Gate
from gateway import wait_until
from runline.kit.ids import new_id

ALL = ("values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", "custom")
ENDS = ("completed", "failed", "interrupted")

Event = dict[str, Any]


def is_root(event: Event) -> bool:
    return bool(event["method"] == "lifecycle" and event["params"]["namespace"] == [])


def phases(events: list[Event]) -> list[str]:
    """The life of the root: how runs begin and end."""
    return [event["params"]["data"]["event"] for event in events if is_root(event)]


@dataclass
class Window:
    """What has been seen so far."""

    events: list[Event] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    async def until(self, condition: Callable[[list[Event]], Any], within: float = 15) -> list[Event]:
        async def met() -> bool:
            return bool(condition(self.events))

        await wait_until(met, within=within)
        return self.events

    async def ends(self, times: int = 1, within: float = 15) -> list[Event]:
        """Wait until so many runs have ended."""
        return await self.until(lambda events: sum(phase in ENDS for phase in phases(events)) >= times, within)

    async def shows(self, method: str, times: int = 1) -> list[Event]:
        return await self.until(lambda _: len(self.of(method)) >= times)

    def of(self, method: str) -> list[Event]:
        return [event["params"] for event in self.events if event["method"] == method]

    def data(self, method: str) -> list[Any]:
        return [params["data"] for params in self.of(method)]

    @property
    def event_ids(self) -> list[str]:
        return [event["event_id"] for event in self.events]

    @property
    def phases(self) -> list[str]:
        return phases(self.events)


@dataclass
class Talk:
    """A client on a thread."""

    http: httpx.AsyncClient
    thread_id: str = field(default_factory=new_id)
    numbers: Any = field(default_factory=count)

    async def send(self, method: str, **params: Any) -> Any:
        """A command and its reply."""
        body = {"id": next(self.numbers), "method": method, "params": params}
        answer = await self.http.post(f"/threads/{self.thread_id}/commands", json=body)
        assert answer.status_code == 200, answer.text
        reply = answer.json()
        assert reply["id"] == body["id"]
        return reply

    async def do(self, method: str, **params: Any) -> Any:
        """A command that is carried out, and its result."""
        reply = await self.send(method, **params)
        assert reply["type"] == "success", reply
        return reply["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """A command that is refused, and the code of its error."""
        reply = await self.send(method, **params)
        assert reply["type"] == "error", reply
        assert reply["message"]
        return str(reply["error"])

    async def start(self, graph: str = "steps", *, gate: Gate | None = None, **params: Any) -> str:
        """Start a run, which waits at the gate if there is one."""
        config = {"config": {"configurable": gate.context}} if gate else {}
        given = {"assistant_id": graph, "input": {"log": ["zero"]}, **config, **params}
        return str((await self.do("run.start", **given))["run_id"])

    async def run(self, graph: str = "steps", **params: Any) -> tuple[str, list[Event]]:
        """A run from its start to its end; returns all that it told."""
        run_id = await self.start(graph, **params)
        async with self.watch() as window:
            return run_id, list(await window.ends())

    @asynccontextmanager
    async def watch(self, *channels: str, **wanted: Any) -> AsyncIterator[Window]:
        """Follow the events of the thread meanwhile."""
        window, connected = Window(), asyncio.Event()
        body = {"channels": channels or ALL, **wanted}

        async def follow() -> None:
            path = f"/threads/{self.thread_id}/stream/events"
            async with self.http.stream("POST", path, json=body, timeout=None) as answer:
                assert answer.status_code == 200, await answer.aread()
                connected.set()
                async for line in answer.aiter_lines():
                    note(window, line)

        following = asyncio.create_task(follow())
        try:
            first = asyncio.create_task(connected.wait())
            await asyncio.wait((first, following), return_when=asyncio.FIRST_COMPLETED)
            first.cancel()
            yield window
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


def note(window: Window, line: str) -> None:
    if line.startswith("data: "):
        window.events.append(json.loads(line.removeprefix("data: ")))
    elif line.startswith("id: "):
        window.ids.append(line.removeprefix("id: "))
    elif line.startswith(": "):
        window.comments.append(line)
