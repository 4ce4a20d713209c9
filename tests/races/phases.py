"""Runs that are pushed aside by a newcomer, or cancelled, while pending, running or finishing.

A run is finishing when its graph is done and the commit of its end is under way: races.agent holds it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fundamentals.gate import Gate
from races.arena import Arena, arena, side_by_side
from races.findings import Findings
from races.rows import checkpoints_of, runs_of
from shared import SHARED

_STEPS = ["one", "two", "three"]
_LEFT = {"pending": [], "running": ["victim", "one"], "finishing": ["victim", *_STEPS]}
"""What an interrupted victim leaves in the log."""


@dataclass(frozen=True)
class Kind:
    """Who is stopped when, what is left of it, and by whom: a `newcomer` or a `cancel`."""

    phase: str
    action: str
    way: str

    @property
    def log(self) -> list[str]:
        """What is in the log at the end. A run that is pending has another in front of it, at the gate."""
        kept = _LEFT[self.phase] if self.action == "interrupt" else []
        if self.way == "newcomer":
            front = ["front", "one"] if (self.phase, self.action) == ("pending", "interrupt") else []
            return [*front, *kept, "newcomer", *_STEPS]
        return ["front", *_STEPS] if self.phase == "pending" else kept

    @property
    def statuses(self) -> list[str]:
        """The statuses of the runs that are left, in order."""
        victim = ["interrupted"] if self.action == "interrupt" else []
        if self.way == "newcomer":
            return [*(victim if self.phase == "pending" else []), *victim, "success"]
        return [*(["success"] if self.phase == "pending" else []), *victim]

    def stopped_at_the_gate(self, front: str, victim: str) -> str:
        """Which of these runs it is; none if the gate is to let one pass that ends by itself."""
        if self.phase == "pending":
            return front if self.way == "newcomer" else ""
        return victim if self.phase == "running" else ""


KINDS = [
    Kind(phase, action, way)
    for phase in _LEFT
    for action in ("interrupt", "rollback")
    for way in ("newcomer", "cancel")
]


async def phases(folder: Path, times: int, seed: int) -> Findings:
    """Each kind of victim so many times."""
    async with arena(folder, f"{len(KINDS)} kinds of victims, {times} of each", seed) as ground:
        await side_by_side(_stop(ground, kind) for _ in range(times) for kind in KINDS)
        await ground.until_quiet()
    return ground.findings


async def _stop(ground: Arena, kind: Kind) -> None:
    thread_id, front = await ground.new_thread(), ""
    gate = Gate(ground.folder / thread_id)
    if kind.phase == "pending":
        front = await _run(ground, thread_id, "front", context=gate.context)
        await gate.reached()
    elif kind.phase == "finishing":
        ground.lingerer(thread_id).touch()
    victim = await _run(ground, thread_id, "victim", context=gate.context if kind.phase == "running" else {})
    if kind.phase == "running":
        await gate.reached()
    elif kind.phase == "finishing":
        await ground.until_lingering(thread_id)
    if kind.way == "newcomer":
        await _run(ground, thread_id, "newcomer", multitask_strategy=kind.action)
    else:
        answer = await ground.send("POST", f"{victim}/cancel", params={"action": kind.action})
        ground.findings.equal(f"the cancel of {kind}", answer.status_code, 202)
    if SHARED and (stopped := kind.stopped_at_the_gate(front, victim)):
        # by word from another node, which may be on its way yet
        await ground.until_over(stopped)
    gate.open()
    ground.lingerer(thread_id).unlink(missing_ok=True)
    await _check(ground, thread_id, victim, kind)


async def _run(ground: Arena, thread_id: str, name: str, **asked: Any) -> str:
    asked = {"input": {"log": [name]}, "durability": "sync", **asked}
    return await ground.new_run(thread_id, "lingering", **asked)


async def _check(ground: Arena, thread_id: str, victim: str, kind: Kind) -> None:
    find = ground.findings
    find.count(f"{kind.phase}, {kind.action} by {kind.way}")
    await ground.until_idle(thread_id)
    find.equal(f"{kind}: statuses", [run["status"] for run in await ground.runs(thread_id)], kind.statuses)
    find.equal(f"{kind}: log", await ground.log(thread_id), kind.log)
    if kind.action == "rollback":
        run_id = victim.rpartition("/")[2]
        stored = checkpoints_of(ground.gateway.kept, thread_id)
        find.expect(run_id not in {row[-1] for row in stored["checkpoints"] + stored["writes"]}, f"{kind}: checkpoints")
        find.expect(run_id not in runs_of(ground.gateway.kept, thread_id), f"{kind}: its row")
