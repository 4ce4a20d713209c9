"""A run that kills its worker each time, amid others: it is given up after three attempts, and they go on.

It waits in each life until the others have been created, as who creates them would meet a gateway that is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from chaos.faults import GRAPHS, Victim, gateway_for_chaos, marks_file, settings_for_chaos
from chaos.history import marks_of
from chaos.scenario import end
from fleet import Fleet
from gateway import Gateway, wait_until

ATTEMPTS, WORKERS = 3, 2
_LEASES = {"RUNLINE_WORKERS__LEASE_SECONDS": "3"}
"""Shorter ones end on a busy machine under workers that live, and each is taken for a death."""


@dataclass(frozen=True)
class Poisoned:
    """How it ended: the poison run, its result, how often it was begun, and the statuses of the others."""

    status: str
    error: Any
    attempts: int
    lives: int
    others: list[str]
    complaints: Sequence[str] = ()


async def poison(folder: Path, others: int) -> Poisoned:
    """Start it, restart the gateway after each of its deaths, and create others in every life."""
    victim = Victim(gateway_for_chaos(folder, RUNLINE_WORKERS__MAX_ATTEMPTS=str(ATTEMPTS), **_LEASES))
    try:
        await victim.start()
        poisoned = await _poison(folder, victim.gateway, [victim], others)
        return replace(poisoned, complaints=await end(victim))
    finally:
        await asyncio.to_thread(victim.gateway.kill)


async def poison_workers(made: Fleet, others: int) -> Poisoned:
    """The same with a gateway that only serves, and workers of which whichever has the run dies."""
    attempts = {"RUNLINE_WORKERS__MAX_ATTEMPTS": str(ATTEMPTS)}
    made.settings = {**made.settings, **settings_for_chaos(made.folder), **_LEASES, **attempts}
    made.graphs = GRAPHS
    front = made.node("serve", "--no-work")
    victims = [Victim(made.node("worker")) for _ in range(WORKERS)]
    await asyncio.gather(asyncio.to_thread(front.start), *(victim.start() for victim in victims))
    return await _poison(made.folder, front, victims, others)


async def _poison(folder: Path, front: Gateway, victims: Sequence[Victim], others: int) -> Poisoned:
    async with httpx.AsyncClient(base_url=front.url, timeout=30) as http:
        word = folder / "word"
        culprit = await _create(http, "culprit", poison=str(word), pause=0.05, events=20)
        created = [culprit]
        for life in range(ATTEMPTS):
            created += [await _create(http, f"{life}-{number}") for number in range(others)]
            _say(word, life + 1)
            dead = await wait_until(lambda: _dead_among(victims), within=60)
            for victim in dead:
                await victim.suicide()
        created += [await _create(http, f"last-{number}") for number in range(others)]

        async def all_ended() -> list[str]:
            statuses = [(await http.get(_path(run))).json()["status"] for run in created]
            return [] if {"pending", "running"} & set(statuses) else statuses

        statuses = await wait_until(all_ended, within=60)
        result = (await http.get(f"{_path(culprit)}/join")).json()
    begun = {(mark.attempt, mark.pid) for mark in marks_of(marks_file(folder)) if mark.run == culprit["run_id"]}
    lives = sum(len(victim.lives) for victim in victims)
    return Poisoned(statuses[0], result.get("__error__"), len(begun), lives, statuses[1:])


def _say(word: Path, attempt: int) -> None:
    """Let the culprit do it in this attempt."""
    word.with_suffix(f".{attempt}").touch()


async def _dead_among(victims: Sequence[Victim]) -> list[Victim]:
    return [each for each in victims if each.gateway.process and each.gateway.process.poll() is not None]


async def _create(http: httpx.AsyncClient, token: str, **work: Any) -> dict[str, Any]:
    thread_id = (await http.post("/threads", json={})).json()["thread_id"]
    body = {"assistant_id": "marked", "input": {"log": []}, "context": {"token": token, **work}}
    answer = await http.post(f"/threads/{thread_id}/runs", json=body)
    answer.raise_for_status()
    run: dict[str, Any] = answer.json()
    return run


def _path(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['run_id']}"
