"""Runs that are cancelled while they execute, on another node where there are several: how soon they have stopped."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from chaos.faults import marks_file
from chaos.history import Mark, marks_of
from gateway import Gateway, wait_until
from races.arena import Arena, arena
from races.findings import Findings

_STEP_SECONDS = 20.0


async def stops(folder: Path, times: int, seed: int) -> Findings:
    """So many, one after the other: nothing else is done meanwhile."""
    title = f"{times} runs that are cancelled while they execute"
    async with arena(folder, title, seed) as ground, httpx.AsyncClient(timeout=30) as http:
        for _ in range(times):
            await _stop(ground, http)
    return ground.findings


async def _stop(ground: Arena, http: httpx.AsyncClient) -> None:
    work = {"token": "", "pause": _STEP_SECONDS}
    path = await ground.new_run(await ground.new_thread(), "marked", input={"log": []}, context=work)
    entered = await _mark(ground, path, "enter")
    node = _elsewhere(ground, entered)
    sent = time.monotonic()
    answer = await http.post(f"{node.url}{path}/cancel")
    answered = time.monotonic()
    left = await _mark(ground, path, "leave")
    ground.findings.equal("the cancel", answer.status_code, 202)
    ground.findings.equal("the run", await ground.until_over(path), "interrupted")
    ground.findings.took("from the cancel to its answer", answered - sent)
    ground.findings.took("from the cancel to the end of the step", left.at - sent)
    ground.findings.count("cancelled " + ("where they executed" if _runs(node, entered) else "elsewhere"))


def _elsewhere(ground: Arena, entered: Mark) -> Gateway:
    """A node that does not execute the run, if there is one."""
    return next((node for node in ground.nodes if not _runs(node, entered)), ground.gateway)


def _runs(node: Gateway, entered: Mark) -> bool:
    return node.process is not None and node.process.pid == entered.pid


async def _mark(ground: Arena, path: str, what: str) -> Mark:
    """What the run's step wrote down as it was entered or left."""
    run_id = path.rpartition("/")[2]

    async def written() -> list[Mark]:
        return [mark for mark in marks_of(marks_file(ground.folder)) if (mark.run, mark.what) == (run_id, what)]

    return (await wait_until(written))[0]
