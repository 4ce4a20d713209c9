"""A core on a data folder of its own, and short words for what tests do with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from kept import Kept
from kit.redis_server import RedisPlace
from kit.waiting import wait_until
from runline.config import load_settings
from runline.core import Core, open_core
from runline.databases import open_databases
from runline.doors.platform.webhook_words import webhook_to_wire
from runline.errors import RunNotFound, ThreadNotFound
from runline.graphs.store_spec import StoreSpec
from runline.kit.ids import new_id
from runline.model.event import Event
from runline.model.lifecycle import CancelAction, MultitaskStrategy, RunStatus
from runline.model.run import Run, RunSpec
from runline.model.thread import Thread
from runline.model.viewer import ANONYMOUS
from runline.runs.reaper import Reaper
from runline.runs.vigil import Vigil
from runline.storage.queue import Claimant
from runline.storage.tables import runs as run_rows
from runline.streams.contracts import Ended
from runs.agents import GATES
from shared import SHARED, SharedPlace

GRAPHS = {"script": "runs.agents:graph", "moody": "runs.agents:moody"}
NEVER = 1000.0


_PLACE = "place.json"
LONG_AGO = "2026-01-01T00:00:00.000000+00:00"


def furnish(folder: Path, place: SharedPlace) -> None:
    """Let the houses of a folder keep everything in this place."""
    (folder / _PLACE).write_text(json.dumps(place.flags), encoding="utf-8")


def kept_by(folder: Path) -> Kept:
    """What they keep, to look at beside them."""
    return Kept(folder / "data", place_of(folder).get("database", {}).get("uri"))


def place_of(folder: Path) -> dict[str, Any]:
    """The settings that say where that is, if it is not in files."""
    if not SHARED:
        return {}
    settings: dict[str, Any] = json.loads((folder / _PLACE).read_text(encoding="utf-8"))
    return settings


def lose_redis(folder: Path) -> None:
    """Lose what Redis keeps for a while, if there is one: what was in memory alone goes with its process then."""
    if redis := place_of(folder).get("redis"):
        RedisPlace(**redis).empty()


@asynccontextmanager
async def open_everything(conninfo: str) -> AsyncIterator[None]:
    """Make all tables of a database in PostgreSQL."""
    settings = load_settings(flags={"database": {"uri": conninfo}}, environ={})
    async with open_databases(settings, StoreSpec(), None):
        yield


def fresh(**settings: Any) -> dict[str, Any]:
    """Settings under which nothing happens by polling: what a test sees happen, a bell has rung for."""
    workers = {"poll_seconds": NEVER, "lease_seconds": NEVER, "shutdown_grace_seconds": 0.0}
    return {**settings, "workers": {**workers, **settings.get("workers", {})}}


@dataclass
class Told:
    """What a reader of a run's stream came to."""

    events: list[Event] = field(default_factory=list)
    ended: Ended | None = None

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    @property
    def seqs(self) -> list[int]:
        return [event.seq for event in self.events]

    @property
    def result(self) -> Any:
        assert self.ended
        return json.loads(self.ended.result)

    def data(self, name: str) -> list[Any]:
        return [json.loads(event.data) for event in self.events if event.name == name]


@dataclass(frozen=True)
class House:
    core: Core

    async def thread(self) -> str:
        return (await self.core.threads.create(ANONYMOUS, None, {}, exist_ok=False)).thread_id

    async def create(self, thread_id: str | None, *script: str, graph: str = "script", **spec: Any) -> Run:
        """Create a run that does what the script says; without a thread, on one that it makes."""
        if strategy := spec.pop("strategy", None):
            spec["multitask_strategy"] = MultitaskStrategy(strategy)
        given = {"input": {"script": list(script)}} if script else {}
        wanted = RunSpec(assistant_id=graph, **{"create_thread": thread_id is None, **given, **spec})
        return await self.core.runs.create(ANONYMOUS, thread_id, wanted)

    async def hold(self, thread_id: str | None = None, gate: str = "gate", **spec: Any) -> Run:
        """Create a run and wait until it waits at a gate."""
        visits = GATES[gate].visits
        run = await self.create(thread_id, "begin", f"wait {gate}", "end", **spec)
        await wait_until(lambda: GATES[gate].visits > visits)
        return run

    async def read(self, run: Run, after: int | None = 0) -> Told:
        """Read a run's stream to its end."""
        return await self.read_into(Told(), run, after)

    async def read_into(self, told: Told, run: Run, after: int | None = 0) -> Told:
        """The same, where what was told so far can be seen meanwhile."""
        async for batch in await self.core.runs.follow(run, after):
            if isinstance(batch, Ended):
                told.ended = batch
            else:
                told.events += batch
        return told

    async def finish(self, thread_id: str | None, *script: str, **spec: Any) -> Run:
        """A run from its creation to its end."""
        run = await self.create(thread_id, *script, **spec)
        await self.end(run)
        return await self.now(run) if not run.traceless else run

    async def end(self, run: Run) -> Told:
        """Wait until nothing of the run is left to do; returns its stream."""
        told = await self.read(run)
        await self.core.worker.ended(run.run_id)
        return told

    async def now(self, run: Run) -> Run:
        return (await self.core.runs.get(ANONYMOUS, run.thread_id, run.run_id)).run

    async def status(self, run: Run) -> RunStatus | None:
        """What the store says; None for a run that is gone."""
        try:
            return (await self.core.runs.runs.get(ANONYMOUS, run.run_id)).status
        except RunNotFound:
            return None

    async def reach(self, run: Run, status: RunStatus | None) -> None:
        """Wait until the store says this of the run, and nothing of it is left to do."""
        async with asyncio.timeout(30):
            while await self.status(run) is not status:  # noqa: ASYNC110 - the store sets no event
                await asyncio.sleep(0.005)
        await self.core.worker.ended(run.run_id)

    async def let_come_due(self, run: Run) -> None:
        """As if the delay of a run that waits was over now."""
        await self._change_row(run, due_at=datetime.now(UTC))
        self.core.runs.bell.ring()

    async def let_lease_end(self, run: Run) -> None:
        """As if its worker had been paused for long."""
        await self._change_row(run, lease_until=datetime.now(UTC) - timedelta(minutes=1))

    async def let_another_go_on(self, run: Run) -> None:
        """As if another worker had taken it over."""
        await self._change_row(run, attempt=run.attempt + 1)

    async def _change_row(self, run: Run, **values: datetime | int) -> None:
        statement = update(run_rows).where(run_rows.c.run_id == run.run_id).values(values)
        await self.core.leases._database.write(lambda connection: connection.execute(statement).rowcount)

    async def until_removed(self, thread_id: str) -> None:
        """Wait until a thread is there no more."""
        async with asyncio.timeout(30):
            with suppress(ThreadNotFound):
                while True:
                    await self.get_thread(thread_id)
                    await asyncio.sleep(0.005)

    async def get_thread(self, thread_id: str) -> Thread:
        return await self.core.threads.get(ANONYMOUS, thread_id)

    async def log(self, thread_id: str) -> list[str]:
        """What the graph has done on the thread, by its newest checkpoint."""
        snapshot = await self.core.states.get(ANONYMOUS, thread_id)
        return list(snapshot.values.get("log", ())) if snapshot else []

    async def cancel(self, run: Run, action: str = "interrupt") -> None:
        await self.core.runs.cancel(ANONYMOUS, run.thread_id, run.run_id, CancelAction(action))

    def reaper(self, max_attempts: int = 1, vigil: Vigil | None = None) -> Reaper:
        """A reaper that gives up after so many crashes."""
        core, runs = self.core, self.core.runs
        parts = (
            runs.saver,
            core.states,
            core.slots,
            runs.rollback,
            runs.streams,
            runs.webhooks,
            runs.bell,
            core.log_bells,
        )
        claimant = Claimant(new_id(), timedelta(seconds=NEVER))
        last = (core.upkeep, max_attempts, core.meters, vigil or Vigil(NEVER))
        return Reaper(core.claims, core.leases, core.threads, *parts, core.worker.live, claimant, *last)

    async def abandon(self, thread_id: str, *script: str, worker: str = "dead", **spec: Any) -> Run:
        """A run that a worker claimed and died with: its row says `running`, and nobody executes it."""
        specified, assistant = await self.core.runs._prepare(ANONYMOUS, RunSpec(spec.pop("graph", "script"), **spec))
        wanted = replace(specified, input={"script": list(script)})
        run = self.core.runs._new_run(ANONYMOUS, thread_id or new_id(), wanted, assistant)
        claimant = self.core.worker._claimant
        return (await self.core.runs.runs.admit(run, assistant, replace(claimant, worker=worker))).run


@asynccontextmanager
async def open_house(
    folder: Path, graphs: dict[str, str] | None = None, keys: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[House]:
    """Open a core on the folder; leaving it shuts it down as a signal would. `keys` are more of langgraph.json's."""
    project = folder / "langgraph.json"
    project.write_text(json.dumps({"graphs": graphs or GRAPHS, **(keys or {})}), encoding="utf-8")
    place = place_of(folder)
    if place:
        settings |= {section: {**kept, **settings.get(section, {})} for section, kept in place.items()}
    flags = {"data_dir": str(folder / "data"), "graphs": {"file": str(project)}, **fresh(**settings)}
    wanted = load_settings(flags=flags, environ={})
    async with open_core(wanted, webhook_to_wire) as core:
        house = House(core)
        if place:
            await house.reaper(wanted.workers.max_attempts).reap()
        yield house
    if place:
        _let_leases_end(kept_by(folder))


def _let_leases_end(kept: Kept) -> None:
    """For the next house, which waits for the leases of whoever died here if it may share its database with others."""
    with kept.opened("runs", writable=True) as connection:
        connection.execute("UPDATE runs SET lease_until = %s WHERE status = 'running'", (LONG_AGO,))
        connection.execute("UPDATE threads SET held_until = %s WHERE held_until IS NOT NULL", (LONG_AGO,))
