"""Rollbacks, by cancel and by newcomers, of runs that run, wait or finish meanwhile: the thread is what it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from fundamentals.gate import Gate
from races.arena import Arena, arena, side_by_side
from races.findings import Findings
from races.pasts import KINDS, Victim, compare, past_at_gate, past_of, start, with_past

AT_ITS_END = "at its end"
STAGES = ("running", "pending", AT_ITS_END)
WAYS = ("cancel", "newcomer")

_STEP = 7
"""Through the combinations: it divides none of their numbers, so that a short form has some of each."""
_LONGEST_DELAY_SECONDS = 0.04
_ANSWERS = (200, 202, 404, 409)


async def rollbacks(folder: Path, times: int, seed: int) -> Findings:
    """So many, over all kinds, stages and ways."""
    every = [(name, stage, way) for name in KINDS for stage in STAGES for way in WAYS]
    async with arena(folder, f"{times} rollbacks", seed) as ground:
        await side_by_side(
            _undo(ground, Random(f"{seed} {number}"), *every[number * _STEP % len(every)]) for number in range(times)
        )
        await ground.until_quiet()
    return ground.findings


async def _undo(ground: Arena, random: Random, name: str, stage: str, way: str) -> None:
    victim = await _victim(ground, name, stage, way)
    if stage == AT_ITS_END:
        await asyncio.sleep(random.random() * _LONGEST_DELAY_SECONDS)
    about = f"{name}, {stage}, by {way}"
    if way == "cancel":
        await roll_back(ground, victim.path, wait=random.random() < 0.5)
    else:
        await _push_aside(ground, victim)
    status = await ground.until_over(victim.path)
    ground.findings.count(f"{stage}, by {way}, {'ended before' if status else 'undone'}")
    ground.findings.expect(status is None or (status, stage) == ("success", AT_ITS_END), f"{about}: {status}")
    if status:
        await ground.send("DELETE", victim.path)
    compare(ground, about, victim, await past_of(ground, victim.thread_id), deleted=bool(status))
    victim.gate.open()


async def _victim(ground: Arena, name: str, stage: str, way: str) -> Victim:
    """The run to undo, in this stage. One that is pending has another in front of it, which a newcomer undoes too."""
    thread_id = await with_past(ground, KINDS[name])
    gate = Gate(ground.folder / thread_id)
    context = gate.context if stage != AT_ITS_END else {}
    before = await past_of(ground, thread_id)
    if stage == "pending":
        await start(ground, thread_id, KINDS[name], **context)
        await gate.reached()
        before = before if way == "newcomer" else await past_at_gate(ground, thread_id)
    path = await start(ground, thread_id, KINDS[name], **context)
    if stage == "running":
        await gate.reached()
    return Victim(path, gate, before)


async def roll_back(ground: Arena, path: str, *, wait: bool) -> None:
    """Cancel a run with the rollback action."""
    params = {"action": "rollback", "wait": str(wait).lower()}
    answer = await ground.send("POST", f"{path}/cancel", params=params)
    ground.findings.count(f"cancels answered {answer.status_code}")
    ground.findings.expect(answer.status_code in _ANSWERS, f"a cancel: {answer.status_code} {answer.text}")


async def _push_aside(ground: Arena, victim: Victim) -> None:
    """Let a run of perhaps another graph take its place, which is taken back when it has begun."""
    gate = Gate(ground.folder / f"{victim.thread_id}-newcomer")
    asked = {"multitask_strategy": "rollback", "input": {"log": ["newcomer"]}, "context": gate.context}
    path = await ground.new_run(victim.thread_id, "steps", **asked)
    await gate.reached()
    await roll_back(ground, path, wait=True)
