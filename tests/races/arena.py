"""Where a part of the races takes place: a gateway process, a client of it, and what is found there.

In the form that `make shared` runs there are three gateways, on PostgreSQL and Redis, and each request of the client
meets another one.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from chaos.agent import MARKS
from chaos.faults import marks_file
from fleet import Spread, fleet
from gateway import Gateway, serving, wait_until
from kit.postgres import Server
from races.agent import ARRIVED, LINGERERS
from races.findings import Findings
from shared import POSTGRES, QUICK_LEASES, REDIS, SHARED

ACTIVE = ("pending", "running")
_GRAPHS = Path(__file__).parent / "langgraph.json"
_SIDE_BY_SIDE = 10
_QUIET_SECONDS = 60
_NODES = 3


@dataclass
class Arena:
    """Gateways that serve the graphs of the races; their marks and their data are in `folder`."""

    folder: Path
    nodes: Sequence[Gateway]
    http: httpx.AsyncClient
    random: Random
    findings: Findings

    @property
    def gateway(self) -> Gateway:
        """The only one, or one of several."""
        return self.nodes[0]

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request; a 5xx is a violation."""
        answer = await self.http.request(method, path, **options)
        self.findings.expect(answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    async def new_thread(self) -> str:
        """A thread on which nothing has happened yet."""
        thread_id: str = (await self.send("POST", "/threads", json={})).json()["thread_id"]
        return thread_id

    async def new_run(self, thread_id: str, graph: str, **body: Any) -> str:
        """A run that is admitted; returns its path."""
        answer = await self.send("POST", f"/threads/{thread_id}/runs", json={"assistant_id": graph, **body})
        answer.raise_for_status()
        return f"/threads/{thread_id}/runs/{answer.json()['run_id']}"

    async def status(self, path: str) -> str | None:
        """The status of a thread or a run; None if it is gone."""
        answer = await self.send("GET", path)
        status: str | None = answer.json()["status"] if answer.is_success else None
        return status

    async def until_over(self, path: str) -> str | None:
        """Wait until a run is active no more; returns the status it has then."""

        async def over() -> list[str | None]:
            status = await self.status(path)
            return [] if status in ACTIVE else [status]

        return (await wait_until(over))[0]

    async def until_idle(self, thread_id: str) -> None:
        """Wait until a thread is not busy."""

        async def idle() -> bool:
            return await self.status(f"/threads/{thread_id}") != "busy"

        await wait_until(idle)

    async def runs(self, thread_id: str) -> list[dict[str, Any]]:
        """The runs of a thread, oldest first."""
        answer = await self.send("GET", f"/threads/{thread_id}/runs", params={"limit": 1000})
        return list(reversed(answer.json()))

    async def log(self, thread_id: str) -> list[str]:
        """The log in a thread's present state."""
        values = (await self.send("GET", f"/threads/{thread_id}/state")).json()["values"]
        return list((values or {}).get("log", []))

    async def until_quiet(self) -> None:
        """Wait until no run is active."""

        async def quiet() -> bool:
            queue = (await self.send("GET", "/metrics", params={"format": "json"})).json()["queue"]
            return not any(queue.values())

        await wait_until(quiet, within=_QUIET_SECONDS)

    def lingerer(self, thread_id: str) -> Path:
        """A file: while it is there, no run of the graph `lingering` comes to its end on this thread."""
        return self.folder / "lingerers" / thread_id

    async def until_lingering(self, thread_id: str) -> None:
        """Wait until a run comes to its end there and is held; nothing else may read the thread's state by then."""
        arrived = self.lingerer(thread_id).with_suffix(ARRIVED)

        async def is_there() -> bool:
            return arrived.exists()

        await wait_until(is_there)

    async def kill(self) -> None:
        """End all gateways without warning."""
        await asyncio.gather(*(asyncio.to_thread(node.kill) for node in self.nodes))

    async def start(self) -> None:
        """Start them again."""
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in self.nodes))

    async def restart(self, *, kill: bool) -> None:
        """End them, with SIGKILL or SIGTERM, and start them again."""
        if kill:
            await self.kill()
        else:
            await asyncio.gather(*(asyncio.to_thread(node.stop) for node in self.nodes))
        await self.start()


@asynccontextmanager
async def arena(folder: Path, title: str, seed: int, **settings: str) -> AsyncIterator[Arena]:
    """Serve the races. At the end no run may be left, and the gateways' logs must be clean."""
    places = {MARKS: str(marks_file(_made(folder))), LINGERERS: str(_made(folder / "lingerers"))}
    settings = {**places, "RUNLINE_WORKERS__MAX_ATTEMPTS": "1000", **settings}
    with _serving(folder, settings) as nodes:
        async with httpx.AsyncClient(base_url=nodes[0].url, timeout=30, transport=Spread(nodes)) as http:
            yield Arena(folder, nodes, http, Random(seed), Findings(title))


@contextmanager
def _serving(folder: Path, settings: Mapping[str, str]) -> Iterator[Sequence[Gateway]]:
    if not SHARED:
        with serving(folder / "data", settings, _GRAPHS) as gateway:
            yield [gateway]
        return
    with fleet(folder, Server(os.environ[POSTGRES]), os.environ[REDIS], **settings, **QUICK_LEASES) as made:
        made.graphs = _GRAPHS
        nodes = [made.node() for _ in range(_NODES)]
        with ThreadPoolExecutor() as starting:
            list(starting.map(Gateway.start, nodes))
        yield nodes
        nodes[0].until_quiet()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def side_by_side(races: Iterable[Coroutine[Any, Any, None]], most: int = _SIDE_BY_SIDE) -> None:
    """Run them all, so many at a time."""
    room = asyncio.Semaphore(most)

    async def one(race: Coroutine[Any, Any, None]) -> None:
        async with room:
            await race

    async with asyncio.TaskGroup() as group:
        for race in races:
            group.create_task(one(race))
