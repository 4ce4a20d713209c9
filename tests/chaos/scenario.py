"""One load under a plan of faults, and what is left of it when all is quiet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from chaos.checker import Checker
from chaos.faults import Victim, gateway_for_chaos, marks_file
from chaos.history import Final, History, KeptRun, Part, marks_of
from chaos.load import Load, Plan, read_runs
from chaos.pacing import DEATHS, Pace
from chaos.spans import recovery_seconds, takeover_seconds
from chaos.streams import Gone, parts_after
from gateway import wait_until

_QUIET_SECONDS = 60
_LONGEST_LIFE = 0.6


@dataclass(frozen=True)
class Outcome:
    """What a scenario came to."""

    history: History
    final: Final
    findings: dict[str, list[str]]
    complaints: list[str]
    seconds: float

    @property
    def wrong(self) -> dict[str, list[str]]:
        """The promises that were broken."""
        return {promise: sentences for promise, sentences in self.findings.items() if sentences}

    @property
    def recovery(self) -> list[float]:
        """Seconds from each restart until each run that was cut off went on, sorted."""
        return recovery_seconds(self.final.marks, self.final.lives)

    @property
    def takeover(self) -> list[float]:
        """Seconds from each death until each run that was cut off went on, sorted."""
        return takeover_seconds(self.final.marks, self.final.lives)


async def chaos(folder: Path, plan: Plan, faults: Sequence[str], **settings: str) -> Outcome:
    """Load a gateway, and let all faults befall it, spread over the load in a random order."""
    began = time.monotonic()
    victim = Victim(gateway_for_chaos(folder, **settings))
    loading: asyncio.Task[None] | None = None
    try:
        await victim.start()
        load = Load([victim], plan)
        loading = asyncio.create_task(load.run())
        random, pace = Random(plan.seed), Pace(load, loading, marks_file(folder))
        for number, fault in enumerate(random.sample(faults, len(faults)), 1):
            await pace.turn(number, len(faults))
            if fault in DEATHS:
                # some die while they take over from the one before, others in the midst of work
                await asyncio.sleep(random.random() * _LONGEST_LIFE)
                await pace.at_work([victim])
            await victim.befall(fault)
        await loading
        final = await read_final([victim], load.history, folder)
        complaints = await end(victim)
    finally:
        if loading is not None:
            loading.cancel()
        victim.gateway.kill()
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, complaints, time.monotonic() - began)


async def rolling(folder: Path, plan: Plan, restarts: int) -> Outcome:
    """Restart a gateway under load, by SIGTERM. A run that lost a retry by it would end in error."""
    settings = {"RUNLINE_WORKERS__MAX_ATTEMPTS": "1", "RUNLINE_WORKERS__LEASE_SECONDS": "15"}
    return await chaos(folder, plan, ["stop"] * restarts, **settings)


async def end(victim: Victim) -> list[str]:
    """Stop the gateway, and return what its log complains of. A life that was killed may leave half a line."""
    await asyncio.to_thread(victim.gateway.stop)
    return [line for line in victim.gateway.complaints() if line.endswith("}")]


async def read_final(victims: Sequence[Victim], history: History, folder: Path) -> Final:
    """Wait until no run is active, if that comes to pass, and read everything back."""
    async with httpx.AsyncClient(base_url=victims[0].gateway.url, timeout=30) as http:

        async def quiet() -> bool:
            queue = (await http.get("/metrics", params={"format": "json"})).json()["queue"]
            return not any(queue.values())

        try:
            await wait_until(quiet, within=_QUIET_SECONDS)
        except AssertionError:
            history.troubles.append(f"not quiet after {_QUIET_SECONDS} s")
        threads: dict[str, Any] = {}
        runs: dict[str, KeptRun] = {}
        for thread_id in history.threads:
            thread = await http.get(f"/threads/{thread_id}")
            if thread.status_code == 404:
                continue
            threads[thread_id] = thread.json()
            for run in await read_runs(http, thread_id):
                token = run["metadata"]["token"]
                runs[run["run_id"]] = KeptRun(run["run_id"], thread_id, run["status"], token)
        logs = {thread_id: list((thread["values"] or {}).get("log", [])) for thread_id, thread in threads.items()}
        wanted = [asked.run_id for asked in history.acknowledged if asked.resumable and asked.run_id in runs]
        streams = {run_id: await _replay(http, runs[run_id]) for run_id in wanted if run_id}
    lives = [life for victim in victims for life in victim.lives]
    statuses = {thread_id: thread["status"] for thread_id, thread in threads.items()}
    return Final(runs, statuses, logs, streams, marks_of(marks_file(folder)), lives)


async def _replay(http: httpx.AsyncClient, run: KeptRun) -> list[Part]:
    path = f"/threads/{run.thread_id}/runs/{run.run_id}"
    try:
        return [part async for part in parts_after(http, path, 0) if part]
    except Gone:
        return []


async def queue_and_kill(folder: Path, runs: int, seed: int) -> Outcome:
    """Queue runs on as many threads behind few slots, kill the gateway a second later, and let it finish them."""
    began = time.monotonic()
    victim = Victim(gateway_for_chaos(folder, RUNLINE_WORKERS__CONCURRENCY="8"))
    try:
        await victim.start()
        load = Load([victim], Plan(seed, runs))
        await load.queue()
        await asyncio.sleep(1)
        await victim.kill()
        final = await read_final([victim], load.history, folder)
        complaints = await end(victim)
    finally:
        victim.gateway.kill()
    findings = Checker(load.history, final).findings()
    return Outcome(load.history, final, findings, complaints, time.monotonic() - began)
