"""What one process has of its own: a saver, a recorder and a reaper over stores that outlive it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from langgraph.store.memory import InMemoryStore

from kept import Kept
from kit.exploring import OwnLoop
from kit.savers import open_on_postgres
from runline.databases import CHECKPOINT_FILE
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.registry import GraphRegistry
from runline.graphs.sqlite_checkpoints import open_sqlite_saver
from runline.kit.tasks import TaskSet
from runline.runs.follow import RunStreams
from runline.runs.meters import Meters
from runline.runs.reaper import Reaper
from runline.runs.recorder import Recorder
from runline.runs.rollback import Rollback
from runline.runs.slots import ThreadSlots
from runline.runs.states import GraphSide, ThreadStates
from runline.runs.upkeep import Upkeep
from runline.runs.vigil import Vigil
from runline.runs.webhooks import Webhooks
from runline.storage.engine import Database
from runline.storage.segments import SegmentStore
from runline.storage.ttls import TtlStore
from runline.storage.unseen import UnseenStore
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge
from runline.streams.thread_bells import MemoryThreadBells
from runline.webhooks.guard import WebhookGuard
from runline.webhooks.rules import WebhookRules
from storage.world import World

MAX_ATTEMPTS = 3


@dataclass(frozen=True)
class Site:
    """What all processes share: a loop, a database, what is kept there, and a graph that can read them."""

    loop: OwnLoop
    database: Database
    kept: Kept
    registry: GraphRegistry

    def open_saver(self) -> AbstractAsyncContextManager[RunlineSaver]:
        """Where it is kept, too."""
        if self.kept.database:
            return open_on_postgres(self.kept.database)
        return open_sqlite_saver(self.kept.data_dir / CHECKPOINT_FILE, synchronous="OFF")


@dataclass(frozen=True)
class Process:
    saver: RunlineSaver
    reaper: Reaper


@asynccontextmanager
async def open_process(site: Site, world: World) -> AsyncIterator[Process]:
    """A process that executes no run itself."""
    async with site.open_saver() as saver, TaskSet() as tasks:
        bridge, bell, segments = MemoryStreamBridge(KeepLimits()), MemoryBell(), SegmentStore(world.database)
        recorder = Recorder(segments, bridge)
        tasks.supervise("record events", recorder.write_step)
        side = GraphSide(site.registry, saver, InMemoryStore())
        slots = ThreadSlots(saver, world.threads, bell, MemoryThreadBells(), hold_seconds=15)
        states = ThreadStates(side, world.threads, slots)
        rollback, streams = Rollback(saver, world.leases, states), RunStreams(world.runs, bridge, segments, recorder)
        webhooks = Webhooks(WebhookGuard(WebhookRules()), world.deliveries, bell)
        parts = (saver, states, slots, rollback, streams, webhooks, bell, MemoryThreadBells())
        unseen, ttls = UnseenStore(world.database, world.clock), TtlStore(world.database, world.clock)
        upkeep = Upkeep(saver, slots, world.threads, unseen, ttls, sweep_limit=10)
        last = (world.claimant("reaper"), upkeep, MAX_ATTEMPTS, Meters(world.clock), Vigil(15))
        reaper = Reaper(world.claims, world.leases, world.threads, *parts, (), *last)
        yield Process(saver, reaper)
