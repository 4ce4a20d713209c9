"""Clients that create, join, follow, cancel and delete, and write down all that they send and see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

import httpx

from chaos.faults import Victim, any_up
from chaos.history import Asked, History, Reading, Seen, Stop
from chaos.streams import read_some

_RETRY_SECONDS = 0.02
_GONE_OR_OVER = (202, 204, 404, 409)


@dataclass(frozen=True)
class Plan:
    """How much load: until `runs` creations are acknowledged. Longer runs are more often hit."""

    seed: int
    runs: int
    clients: int = 12
    threads: int = 20
    longest_pause: float = 0.03
    most_events: int = 8


@dataclass
class Load:
    """Drives a gateway that is killed, stopped and paused meanwhile; or several, of which each call takes one.

    No more creations than `allowed` are acknowledged, but for those under way: faults that take long keep it down.
    """

    victims: Sequence[Victim]
    plan: Plan
    allowed: int = 0
    history: History = field(default_factory=History)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)
    _threads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(self.plan.seed)
        urls = [victim.gateway.url for victim in self.victims]
        self._clients = [httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits()) for url in urls]
        self._turn = count()

    @property
    def _http(self) -> httpx.AsyncClient:
        return self._clients[next(self._turn) % len(self._clients)]

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for client in self._clients:
                await stack.enter_async_context(client)
            yield

    @property
    def progress(self) -> int:
        """Creations that were acknowledged so far."""
        return len(self.history.acknowledged)

    @property
    def enough(self) -> bool:
        """Whether there are as many as planned."""
        return self.progress >= self.plan.runs

    async def run(self) -> None:
        """The whole load, until all that was planned is acknowledged and all readers have read to the end."""
        async with self._connected():
            self._threads = [await self._new_thread(self._random) for _ in range(self.plan.threads)]
            watcher = asyncio.create_task(self._watch(self._own_random("watcher")))
            try:
                clients = [self._client(self._own_random(str(number))) for number in range(self.plan.clients)]
                await asyncio.gather(*clients)
                await asyncio.gather(*self._readers)
            finally:
                for task in (watcher, *self._readers):
                    task.cancel()

    async def queue(self) -> None:
        """Only create, as fast as can be, each run on a thread of its own."""
        async with self._connected():
            for number in range(self.plan.runs):
                random = self._own_random(str(number))
                thread_id = await self._new_thread(random)
                await self._create(random, 1, thread_id)

    def _own_random(self, name: str) -> Random:
        return Random(f"{self.plan.seed} {name}")

    async def _new_thread(self, random: Random) -> str:
        thread_id = str(UUID(int=random.getrandbits(128), version=4))
        body = {"thread_id": thread_id, "if_exists": "do_nothing"}
        await self._until_answered(lambda: self._http.post("/threads", json=body))
        self.history.threads.append(thread_id)
        return thread_id

    async def _until_answered(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """Send again and again: what is sent has to bear it."""
        while (answer := await self._attempt(send)) is None:
            await any_up(self.victims)
            await asyncio.sleep(_RETRY_SECONDS)
        return answer

    async def _attempt(self, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response | None:
        """The answer, None if the gateway is away."""
        try:
            answer = await send()
        except httpx.TransportError:
            return None
        if answer.status_code == 503:
            return None
        if answer.status_code >= 500:
            self.history.troubles.append(f"{answer.request.method} {answer.request.url}: {answer.status_code}")
        return answer

    async def _client(self, random: Random) -> None:
        while not self.enough:
            if self.progress >= self.allowed:
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            place = random.randrange(len(self._threads))
            thread_id = self._threads[place]
            if (asked := await self._create(random, place, thread_id)).run_id is None:
                await any_up(self.victims)
                continue
            if asked.resumable:
                self._readers.append(asyncio.create_task(self._read(asked, self._own_random(asked.token))))
            await self._go_on(random, place, asked)

    async def _create(self, random: Random, place: int, thread_id: str) -> Asked:
        # two thirds of the threads see no rollback: nothing may ever vanish there
        strategies = ["enqueue"] * 4 + ["interrupt"] * 2 + ["reject"] + ["rollback"] * (2 if place % 3 == 0 else 0)
        asked = Asked(
            token=f"{random.getrandbits(64):016x}",
            thread_id=thread_id,
            strategy=random.choice(strategies),
            resumable=random.random() < 0.5,
            events=random.randint(1, self.plan.most_events),
            keyed=random.random() < 0.7,
            sent_at=time.monotonic(),
        )
        body = _body(asked, random.random() * self.plan.longest_pause)
        headers = {"Idempotency-Key": asked.token} if asked.keyed else {}
        self.history.asked.append(asked)

        sent = 0

        async def send() -> httpx.Response:
            nonlocal sent
            sent += 1
            return await self._http.post(f"/threads/{thread_id}/runs", json=body, headers=headers)

        answer = await (self._until_answered(send) if asked.keyed else self._attempt(send))
        refused = answer is not None and answer.status_code in (404, 409)
        # one that had no answer may be under way still, and make the run that this one was refused
        if answer is not None and not (refused and sent > 1):
            asked.done_at = time.monotonic()
            if answer.is_success:
                asked.run_id = answer.json()["run_id"]
            elif refused:
                asked.refused = answer.text
            else:
                self.history.troubles.append(f"a creation: {answer.status_code} {answer.text}")
        return asked

    async def _go_on(self, random: Random, place: int, asked: Asked) -> None:
        """What a client does with the run it has made."""
        match random.randrange(12):
            case 0 | 1 | 2:
                await self._join(asked)
            case 3:
                await self._stop(Stop("interrupt", asked.thread_id, asked.run_id, time.monotonic()))
            case 4 if place % 3 == 0:
                await self._stop(Stop("rollback", asked.thread_id, asked.run_id, time.monotonic()))
            case 5 if place % 3 == 1 and random.random() < 0.3:
                self._threads[place] = await self._new_thread(random)
                await self._stop(Stop("delete", asked.thread_id, None, time.monotonic()))
            case _:
                pass

    async def _join(self, asked: Asked) -> None:
        path = f"/threads/{asked.thread_id}/runs/{asked.run_id}"
        await self._until_answered(lambda: self._http.get(f"{path}/join"))
        await self._look(asked, joined=True)

    async def _look(self, asked: Asked, *, joined: bool = False) -> str | None:
        sent_at = time.monotonic()
        answer = await self._until_answered(lambda: self._http.get(f"/threads/{asked.thread_id}/runs/{asked.run_id}"))
        status = answer.json()["status"] if answer.is_success else None
        assert asked.run_id
        self.history.seen.append(Seen(asked.run_id, status, sent_at, time.monotonic(), joined))
        return status

    async def _stop(self, stop: Stop) -> None:
        """Ask for it once; a deletion until it is answered."""
        self.history.stops.append(stop)
        path = f"/threads/{stop.thread_id}"
        if stop.run_id is None:
            answer = await self._until_answered(lambda: self._http.delete(path))
        else:
            cancel = f"{path}/runs/{stop.run_id}/cancel"
            sent = await self._attempt(lambda: self._http.post(cancel, params={"action": stop.action}))
            if sent is None:
                return
            answer = sent
        stop.code = answer.status_code
        if stop.code not in _GONE_OR_OVER:
            self.history.troubles.append(f"{stop.action}: {answer.status_code} {answer.text}")

    async def _watch(self, random: Random) -> None:
        """Look at runs, the newer the likelier, all the time."""
        while True:
            known = self.history.acknowledged
            if known:
                await self._look(known[-1 - int(random.random() ** 3 * len(known))])
            await asyncio.sleep(_RETRY_SECONDS)

    async def _read(self, asked: Asked, random: Random) -> None:
        """Read a resumable stream to its end over as many connections as it takes."""
        assert asked.run_id
        reading = Reading(asked.run_id)
        self.history.readings.append(reading)
        path = f"/threads/{asked.thread_id}/runs/{asked.run_id}"
        while not (reading.ended or reading.gone):
            try:
                await read_some(self._http, path, reading, most=random.randint(1, 12))
            except httpx.TransportError:
                await any_up(self.victims)
                await asyncio.sleep(_RETRY_SECONDS)
            except httpx.HTTPStatusError as exc:
                if exc.response.status_code != 503:
                    self.history.troubles.append(f"a stream: {exc}")
                    return
                await asyncio.sleep(_RETRY_SECONDS)


def _body(asked: Asked, pause: float) -> dict[str, Any]:
    return {
        "assistant_id": "marked",
        "input": {"log": [f"{asked.token}:input"]},
        "context": {"token": asked.token, "events": asked.events, "pause": pause},
        "metadata": {"token": asked.token},
        "multitask_strategy": asked.strategy,
        "stream_resumable": asked.resumable,
        "stream_mode": ["custom", "updates"],
    }


async def read_runs(http: httpx.AsyncClient, thread_id: str) -> list[dict[str, Any]]:
    """All runs of a thread."""
    runs: list[dict[str, Any]] = []
    while page := (await http.get(f"/threads/{thread_id}/runs", params={"limit": 1000, "offset": len(runs)})).json():
        runs += page
    return runs
