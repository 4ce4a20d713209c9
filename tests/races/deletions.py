"""Threads that are deleted while they are busy, and while further runs are created on them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

from chaos.faults import marks_file
from chaos.history import marks_of
from chaos.spans import spans_of
from races.arena import Arena, arena, side_by_side
from races.findings import Findings
from races.rows import counts

PROMPT_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 0.05
_PING_SECONDS = 0.05
_LAST = "last"


async def deletions(folder: Path, threads: int, seed: int) -> Findings:
    """Delete so many busy threads; nothing may be left of them, and the queue goes on."""
    sent_at: dict[str, float] = {}
    pings: list[tuple[float, float]] = []
    async with arena(folder, f"{threads} deletions of busy threads", seed) as ground:
        pinging = asyncio.create_task(_ping(ground, pings))
        await side_by_side(_race(ground, Random(f"{seed} {number}"), sent_at) for number in range(threads))
        pinging.cancel()
        await ground.until_quiet()
        for table, rows in counts(ground.gateway.kept).items():
            ground.findings.equal(f"rows left in {table}", rows, 0)
        _check_stops(ground, sent_at, pings)
        path = await ground.new_run(await ground.new_thread(), "marked", **_body(_LAST))
        ground.findings.equal("a run after it all", await ground.until_over(path), "success")
    return ground.findings


async def _race(ground: Arena, random: Random, sent_at: dict[str, float]) -> None:
    thread_id = await ground.new_thread()
    for number in range(random.randint(1, 4)):
        await ground.new_run(thread_id, "marked", **_body(str(number)), stream_resumable=random.random() < 0.5)

    async def create(delay: float) -> None:
        await asyncio.sleep(delay)
        strategy = random.choice(["enqueue", "interrupt", "rollback", "reject"])
        body = {"assistant_id": "marked", **_body("late"), "multitask_strategy": strategy}
        answer = await ground.send("POST", f"/threads/{thread_id}/runs", json=body)
        allowed = (200, 404, 409) if strategy == "reject" else (200, 404)
        ground.findings.expect(answer.status_code in allowed, f"a creation: {answer.status_code} {answer.text}")
        ground.findings.count(f"creations meanwhile answered {answer.status_code}")

    async def delete(delay: float) -> None:
        await asyncio.sleep(delay)
        began = time.monotonic()
        sent_at.setdefault(thread_id, began)
        answer = await ground.send("DELETE", f"/threads/{thread_id}")
        ground.findings.count(f"deletions answered {answer.status_code}")
        ground.findings.expect(answer.status_code in (204, 404), f"a deletion: {answer.status_code} {answer.text}")
        ground.findings.took("a deletion", time.monotonic() - began)

    delays = [random.random() * _LONGEST_DELAY_SECONDS for _ in range(4)]
    creations = [*map(create, delays[:2]), create(random.random())]  # the last comes when the thread may be gone
    await asyncio.gather(*creations, *map(delete, delays[2 : random.choice([3, 4])]))
    ground.findings.equal("a deleted thread", await ground.status(f"/threads/{thread_id}"), None)


def _body(token: str) -> dict[str, Any]:
    """A run of ten seconds, unless it is the last."""
    pause = 0.0 if token == _LAST else 3.3
    return {"input": {"log": [token]}, "context": {"token": token, "pause": pause, "events": 1}}


async def _ping(ground: Arena, pings: list[tuple[float, float]]) -> None:
    """How long a request takes that has nothing to do, all the time: what the machine itself is late by."""
    while True:
        began = time.monotonic()
        await ground.send("GET", "/ok")
        pings.append((began, time.monotonic()))
        await asyncio.sleep(_PING_SECONDS)


def _check_stops(ground: Arena, sent_at: dict[str, float], pings: list[tuple[float, float]]) -> None:
    """No run executes a second after the deletion of its thread was sent, however late the machine itself is."""
    ground.findings.took("a request that has nothing to do", *(ended - began for began, ended in pings))
    for span in spans_of(marks_of(marks_file(ground.folder)), []):
        sent = sent_at[span.thread]
        meanwhile = (ended - began for began, ended in pings if began < span.ended and ended > sent)
        late = span.ended - sent
        ground.findings.took("until its run had stopped", late)
        prompt = late <= PROMPT_SECONDS + max(meanwhile, default=0.0)
        ground.findings.expect(prompt, f"{span} stopped {late:.3f} s after the deletion")
