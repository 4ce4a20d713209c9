"""Idempotency keys under pressure: ten senders at once, a kill in between, and still one run for each key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from gateway import Gateway
from hostile.form import times
from hostile.operations import STEPS

KEYS = times(short=10, long=200)
SENDERS = 10


@dataclass(frozen=True)
class Sender:
    """Sends the run of a key to one thread, as often as it is told to."""

    http: httpx.AsyncClient
    thread: str

    async def send(self, key: str, words: tuple[str, ...] = ()) -> httpx.Response:
        """The whole answer; a different body for other words."""
        body: dict[str, Any] = {**STEPS, "input": {"log": [key, *words]}}
        return await self.http.post(f"{self.thread}/runs", json=body, headers={"Idempotency-Key": key})

    async def run_of(self, key: str) -> str:
        """The run that all of ten senders are answered with."""
        answers = await asyncio.gather(*[self.send(key) for _ in range(SENDERS)])
        (run_id,) = {answer.json()["run_id"] for answer in answers}
        return str(run_id)

    async def runs(self) -> dict[str, str]:
        """All runs of the thread with their status."""
        listed = (await self.http.get(f"{self.thread}/runs?limit=1000")).json()
        return {run["run_id"]: run["status"] for run in listed}


async def test_a_key_means_one_run_whatever_happens_in_between(start_gateway: Callable[..., Gateway]) -> None:
    gateway = start_gateway()
    keys = [f"key {number}" for number in range(KEYS)]
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as http:
        thread = f"/threads/{(await http.post('/threads', json={})).json()['thread_id']}"
        sender = Sender(http, thread)
        made = {key: await sender.run_of(key) for key in keys}
        assert set(await sender.runs()) == set(made.values())

        await asyncio.to_thread(gateway.kill)
        await asyncio.to_thread(gateway.start)
        assert {key: await sender.run_of(key) for key in keys} == made

        await asyncio.to_thread(gateway.until_quiet)
        await asyncio.to_thread(gateway.stop)
        await asyncio.to_thread(gateway.start)
        assert {key: await sender.run_of(key) for key in keys} == made

        refusals = [await sender.send(key, ("other",)) for key in keys]
        assert {answer.status_code for answer in refusals} == {409}
        assert await sender.runs() == dict.fromkeys(made.values(), "success")


async def test_a_key_that_was_cut_off_in_the_middle_makes_one_run_or_none(
    start_gateway: Callable[..., Gateway],
) -> None:
    """Killed while ten senders wait for their answers: whoever comes again gets the run that is there."""
    gateway = start_gateway()
    async with httpx.AsyncClient(base_url=gateway.url, timeout=60) as http:
        thread = f"/threads/{(await http.post('/threads', json={})).json()['thread_id']}"
        sender = Sender(http, thread)
        sending = [asyncio.create_task(sender.send(f"key {number % KEYS}")) for number in range(SENDERS * KEYS)]
        await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(gateway.kill)
        answers = await asyncio.gather(*sending, return_exceptions=True)
        acknowledged = {answer.json()["run_id"] for answer in answers if isinstance(answer, httpx.Response)}
        await asyncio.to_thread(gateway.start)

        made = {await sender.run_of(f"key {number}") for number in range(KEYS)}
        assert acknowledged <= made
        assert set(await sender.runs()) == made
        assert len(made) == KEYS
