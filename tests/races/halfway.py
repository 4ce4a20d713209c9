"""Rollbacks in whose midst the gateway is killed: the next process finishes them."""

from __future__ import annotations

import asyncio
from itertools import islice
from pathlib import Path
from random import Random

import httpx

from fundamentals.gate import Gate
from gateway import wait_until
from races.arena import Arena, arena
from races.findings import Findings
from races.pasts import KINDS, Victim, compare, past_of, start, with_past
from races.rollbacks import WAYS, roll_back
from races.rows import checkpoints_of, runs_of
from shared import TAKEOVER_SECONDS

_LONGEST_DELAY_SECONDS = 0.03


async def halfway(folder: Path, wanted: int, seed: int) -> Findings:
    """Kill as often as it takes to have cut off so many rollbacks that were accepted and not yet done."""
    async with arena(folder, f"{wanted} rollbacks killed halfway", seed) as ground:
        while ground.findings.counts["killed halfway"] < wanted:
            random = Random(f"{seed} {ground.findings.counts['kills']}")
            victims = [await _victim(ground, random, name) for name in KINDS]
            await _kill_amidst(ground, random, victims)
            for name, victim in zip(KINDS, victims, strict=True):
                await _check(ground, name, victim)
        await ground.until_quiet()
    return ground.findings


async def _victim(ground: Arena, random: Random, name: str) -> Victim:
    """A run at a gate. One of two takes no notice of its cancellation, so that nothing of it is undone at the kill."""
    thread_id = await with_past(ground, KINDS[name])
    gate = Gate(ground.folder / thread_id)
    before = await past_of(ground, thread_id)
    context = {**gate.context, "stubborn": random.random() < 0.5}
    path = await start(ground, thread_id, KINDS[name], **context)
    await gate.reached()
    return Victim(path, gate, before)


async def _kill_amidst(ground: Arena, random: Random, victims: list[Victim]) -> None:
    """Ask for all rollbacks at once, and kill the gateway a moment after some of them have been accepted."""
    asking = [asyncio.create_task(_ask(ground, victim, random.choice(WAYS))) for victim in victims]
    for accepted in islice(asyncio.as_completed(asking), random.randint(1, len(victims))):
        await accepted
    await asyncio.sleep(random.random() * _LONGEST_DELAY_SECONDS)
    await ground.kill()
    await asyncio.gather(*asking)
    for victim in victims:
        _note_stage(ground, victim)
    ground.findings.count("kills")
    await ground.start()


async def _ask(ground: Arena, victim: Victim, way: str) -> None:
    try:
        if way == "cancel":
            await roll_back(ground, victim.path, wait=False)
        else:
            asked = {"multitask_strategy": "rollback", "interrupt_before": "*"}
            await ground.new_run(victim.thread_id, "steps", input={"log": ["newcomer"]}, **asked)
    except httpx.TransportError:
        ground.findings.count("requests cut off")


def _note_stage(ground: Arena, victim: Victim) -> None:
    """How far its rollback had come when the gateway died."""
    kept = ground.gateway.kept
    row = runs_of(kept, victim.thread_id).get(victim.run_id)
    if row is None:
        ground.findings.count("done before the kill")
    elif row[1] != "rollback":
        ground.findings.count("not accepted before the kill")
    else:
        stored = checkpoints_of(kept, victim.thread_id)
        left = any(row[-1] == victim.run_id for row in stored["checkpoints"])
        ground.findings.count("killed halfway")
        ground.findings.count("killed halfway, " + ("checkpoints there" if left else "checkpoints gone"))


async def _check(ground: Arena, name: str, victim: Victim) -> None:
    """The new process has finished the rollback; one that was never accepted is asked for again."""

    async def carried_out() -> bool:
        row = runs_of(ground.gateway.kept, victim.thread_id).get(victim.run_id)
        return row is None or row[1] is None

    await wait_until(carried_out, within=TAKEOVER_SECONDS)
    if await ground.status(victim.path):
        await roll_back(ground, victim.path, wait=False)
    victim.gate.open()
    await ground.until_idle(victim.thread_id)
    ground.findings.equal(f"{name}: the run", await ground.status(victim.path), None)
    newcomers = [run for run in await ground.runs(victim.thread_id) if run["run_id"] not in victim.before["runs"]]
    for run in newcomers:
        ground.findings.equal(f"{name}: the newcomer", run["status"], "success")
        await ground.send("DELETE", f"/threads/{victim.thread_id}/runs/{run['run_id']}")
    after = await past_of(ground, victim.thread_id)
    compare(ground, f"{name}, killed halfway", victim, after, deleted=bool(newcomers))
