"""A hundred creations on one thread at once, with each multitask strategy: what is let in, and what is left of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

from chaos.agent import STEPS
from chaos.faults import marks_file
from chaos.history import marks_of
from chaos.spans import Span, spans_of
from races.arena import Arena, arena
from races.findings import Findings
from races.rows import checkpoints_of, runs_of

_PAUSE_SECONDS = {"reject": 1.0, "enqueue": 0.0, "interrupt": 1.0, "rollback": 1.0}
"""In each step. The one that `reject` lets in must outlast the other creations, on a busy machine too; and so must one
that is to be interrupted or rolled back by the next of them."""


async def creations(folder: Path, parallel: int, seed: int) -> Findings:
    """So many at once, on a thread of its own for each strategy."""
    async with arena(folder, f"{parallel} creations at once with each strategy", seed) as ground:
        for strategy, check in _CHECKS.items():
            await _all_at_once(ground, strategy, check, parallel)
    return ground.findings


async def _all_at_once(ground: Arena, strategy: str, check: Check, parallel: int) -> None:
    thread_id = await ground.new_thread()

    async def create(number: int) -> int:
        body = {
            "assistant_id": "marked",
            "input": {"log": [f"{number}:input"]},
            "context": {"token": str(number), "pause": _PAUSE_SECONDS[strategy]},
            "metadata": {"token": str(number)},
            "multitask_strategy": strategy,
            "stream_resumable": True,
        }
        return (await ground.send("POST", f"/threads/{thread_id}/runs", json=body)).status_code

    codes = Counter(await asyncio.gather(*map(create, range(parallel))))
    for code, times in codes.items():
        ground.findings.count(f"{strategy} answered {code}", times)
    await ground.until_quiet()
    ground.findings.equal("the thread rests at", await ground.status(f"/threads/{thread_id}"), "idle")
    _check_spans(ground, thread_id)
    await check(ground, thread_id, codes)


def _check_spans(ground: Arena, thread_id: str) -> None:
    """One run executes at a time."""
    for earlier, later in pairwise(_spans(ground, thread_id)):
        ground.findings.expect(earlier.ended <= later.began, f"at once: {earlier} and {later}")
    ground.findings.count("executed", len(_spans(ground, thread_id)))


def _spans(ground: Arena, thread_id: str) -> list[Span]:
    """No process died, so that each span ends with a mark of its own."""
    spans = [span for span in spans_of(marks_of(marks_file(ground.folder)), []) if span.thread == thread_id]
    return sorted(spans, key=lambda span: span.began)


async def _reject(ground: Arena, thread_id: str, codes: Counter[int]) -> None:
    ground.findings.equal("answers", codes, Counter({200: 1, 409: codes.total() - 1}))
    await _check_survivors(ground, thread_id, 1)


async def _enqueue(ground: Arena, thread_id: str, codes: Counter[int]) -> None:
    ground.findings.equal("answers", codes, Counter({200: codes.total()}))
    created = [run["run_id"] for run in await ground.runs(thread_id)]
    ground.findings.equal("the order of execution", [span.run for span in _spans(ground, thread_id)], created)
    await _check_survivors(ground, thread_id, codes.total())


async def _interrupt(ground: Arena, thread_id: str, codes: Counter[int]) -> None:
    ground.findings.equal("answers", codes, Counter({200: codes.total()}))
    runs = await ground.runs(thread_id)
    statuses = [run["status"] for run in runs]
    ground.findings.equal("statuses in order", statuses, ["interrupted"] * (codes.total() - 1) + ["success"])
    entries = await ground.log(thread_id)
    token = runs[-1]["metadata"]["token"]
    whole = [f"{token}:{step}" for step in ("input", *STEPS)]
    ground.findings.equal("the end of the log", entries[-len(whole) :], whole)


async def _rollback(ground: Arena, thread_id: str, codes: Counter[int]) -> None:
    ground.findings.equal("answers", codes, Counter({200: codes.total()}))
    await _check_survivors(ground, thread_id, 1)


async def _check_survivors(ground: Arena, thread_id: str, many: int) -> None:
    """So many runs succeeded, and nothing of any other is to be found: state, history, checkpoints, rows."""
    find = ground.findings
    runs = await ground.runs(thread_id)
    ids = {run["run_id"] for run in runs}
    find.equal("statuses", [run["status"] for run in runs], ["success"] * many)
    wanted = [f"{run['metadata']['token']}:{step}" for run in runs for step in ("input", *STEPS)]
    find.equal("the log", await ground.log(thread_id), wanted)
    history = (await ground.send("GET", f"/threads/{thread_id}/history", params={"limit": 1000})).json()
    find.equal("runs in the history", {state["metadata"]["run_id"] for state in history}, ids)
    stored = checkpoints_of(ground.gateway.kept, thread_id)
    find.equal("owners of checkpoints", {row[-1] for row in stored["checkpoints"] + stored["writes"]}, ids)
    # of each run: its input, what it starts from, and one checkpoint after each step
    find.equal("checkpoints", len(stored["checkpoints"]), many * (2 + len(STEPS)))
    find.equal("replaced writes", stored["replaced_writes"], [])
    find.equal("rows of runs", runs_of(ground.gateway.kept, thread_id).keys(), ids)


Check = Callable[[Arena, str, Counter[int]], Awaitable[None]]

_CHECKS: dict[str, Check] = {
    "reject": _reject,
    "enqueue": _enqueue,
    "interrupt": _interrupt,
    "rollback": _rollback,
}
