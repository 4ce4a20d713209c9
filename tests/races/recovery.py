"""How soon a run goes on after a kill: 0, 0.2, 1 and 5 seconds into it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from chaos.faults import marks_file
from chaos.history import Mark, marks_of
from gateway import wait_until
from races.arena import Arena, arena
from races.findings import Findings

AGES = (0.0, 0.2, 1.0, 5.0)
"""Seconds into a run at which it is killed; a run of each age is cut off by each kill."""

PROMPT_SECONDS = 2.0
"""Within which a run goes on once the next process answers, as promised."""

_STEP_SECONDS = 20.0


async def recovery(folder: Path, kills: int, seed: int, ages: Sequence[float] = AGES) -> Findings:
    """So many kills."""
    async with arena(folder, f"{kills} kills of runs, {len(ages)} each", seed) as ground:
        for _ in range(kills):
            await _kill_and_go_on(ground, ages)
    return ground.findings


async def _kill_and_go_on(ground: Arena, ages: Sequence[float]) -> None:
    starts = [_start(ground, max(ages) - age) for age in ages]
    runs = dict(zip(ages, await asyncio.gather(*starts), strict=True))
    await ground.kill()
    killed_at = time.monotonic()
    await ground.start()
    ready_at = time.monotonic()
    ground.findings.took("from the kill to ready", ready_at - killed_at)
    for age, path in runs.items():
        again = (await _second_entry(ground, path, killed_at)).at
        late = max(again - ready_at, 0.0)
        ground.findings.count("runs that went on")
        ground.findings.took(f"from ready to going on, killed at {age} s", late)
        ground.findings.took(f"from the kill to going on, killed at {age} s", again - killed_at)
        ground.findings.expect(late <= PROMPT_SECONDS, f"{path}, {age} s old: went on {late:.2f} s after ready")
        await ground.send("POST", f"{path}/cancel", params={"wait": "true"})


async def _start(ground: Arena, delay: float) -> str:
    """Create a run: the one that is to be the oldest at once, the youngest last."""
    thread_id = await ground.new_thread()
    await asyncio.sleep(delay)
    work = {"token": "", "pause": _STEP_SECONDS}
    return await ground.new_run(thread_id, "marked", input={"log": []}, context=work)


async def _second_entry(ground: Arena, path: str, after: float) -> Mark:
    """Where the run's first step was entered after the kill."""
    run_id = path.rpartition("/")[2]

    async def entered() -> list[Mark]:
        marks = marks_of(marks_file(ground.folder))
        return [mark for mark in marks if mark.run == run_id and mark.what == "enter" and mark.at > after]

    return (await wait_until(entered))[0]
