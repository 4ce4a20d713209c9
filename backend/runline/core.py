"""Core: every service of one gateway process, and `open_core`, the one place they are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from runline.config import Settings
from runline.errors import ConfigError
from runline.graphs.checkpoints import RunlineSaver, open_saver
from runline.graphs.project import read_project
from runline.graphs.registry import GraphRegistry
from runline.graphs.store import RunlineStore, open_store
from runline.graphs.store_index import StoreIndex, load_index
from runline.graphs.store_spec import StoreSpec
from runline.graphs.thread_ttl import ThreadTtl
from runline.kit.clock import SystemClock
from runline.kit.tasks import TaskSet
from runline.kit.threads import GraphThreads
from runline.model.item import ItemLimits
from runline.runs.assistants import AssistantGraphs
from runline.runs.crons import CronManager
from runline.runs.executor import Executor
from runline.runs.follow import RunStreams
from runline.runs.items import Items
from runline.runs.manager import RunManager
from runline.runs.reaper import Reaper
from runline.runs.recent import RecentRuns
from runline.runs.recorder import Recorder
from runline.runs.removal import AssistantRemoval
from runline.runs.rollback import Rollback
from runline.runs.scheduler import Scheduler
from runline.runs.states import GraphSide, ThreadStates
from runline.runs.supersteps import ThreadMaker
from runline.runs.sweeper import Sweeper
from runline.runs.thread_streams import ThreadStreams
from runline.runs.upkeep import Upkeep
from runline.runs.worker import Worker, WorkerOptions
from runline.storage.assistants import AssistantStore
from runline.storage.crons import CronStore
from runline.storage.engine import Database, SqliteOptions, lock_data_dir, open_database
from runline.storage.leases import LeaseStore
from runline.storage.runs import QueueLimits, RunStore
from runline.storage.segments import SegmentStore
from runline.storage.thread_streams import ThreadStreamStore
from runline.storage.threads import ThreadStore
from runline.storage.ttls import TtlStore
from runline.storage.unseen import UnseenStore
from runline.storage.versions import VersionStore
from runline.streams.contracts import StreamBridge, ThreadBells
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge
from runline.streams.thread_bells import MemoryThreadBells

DATABASE_FILE = "runline.db"
CHECKPOINT_FILE = "checkpoints.db"
STORE_FILE = "store.db"

_SWEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Core:
    """The services that doors call."""

    registry: GraphRegistry
    assistants: AssistantStore
    assistant_graphs: AssistantGraphs
    assistant_versions: VersionStore
    assistant_removal: AssistantRemoval
    crons: CronStore
    cron_manager: CronManager
    threads: ThreadStore
    leases: LeaseStore
    states: ThreadStates
    items: Items
    thread_maker: ThreadMaker
    ttls: TtlStore
    upkeep: Upkeep
    runs: RunManager
    worker: Worker
    bridge: StreamBridge
    thread_bells: ThreadBells
    thread_streams: ThreadStreams
    tasks: TaskSet

    async def drain(self) -> None:
        """Take no more work, let runs finish within the grace period, give back the rest, end all streams."""
        await self.worker.drain()
        self.bridge.shut_down()
        self.thread_bells.shut_down()


@dataclass(frozen=True, slots=True)
class _Project:
    """What langgraph.json names, imported."""

    registry: GraphRegistry
    store: StoreSpec
    index: StoreIndex | None
    thread_ttl: ThreadTtl


@dataclass(frozen=True, slots=True)
class _Background:
    """What the loops drive beside the worker."""

    reaper: Reaper
    recorder: Recorder
    scheduler: Scheduler
    sweeper: Sweeper


@asynccontextmanager
async def open_core(settings: Settings) -> AsyncIterator[Core]:
    """Open everything in order of dependency; leaving it drains and closes in reverse.

    Raises ConfigError with the remedy when the settings cannot work.
    """
    # nodes and tools that are not async run here; asyncio's own default is a handful of threads
    asyncio.get_running_loop().set_default_executor(GraphThreads(settings.workers.threads))
    project = await asyncio.to_thread(_load_project, settings)
    registry = project.registry
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_dir(settings.data_dir))
        database = await stack.enter_async_context(open_database(_sqlite_options(settings)))
        saver = await stack.enter_async_context(
            open_saver(
                settings.data_dir / CHECKPOINT_FILE,
                synchronous=settings.database.synchronous,
                busy_timeout_seconds=settings.database.busy_timeout_seconds,
            )
        )
        store = await stack.enter_async_context(
            open_store(
                settings.data_dir / STORE_FILE,
                SystemClock(),
                project.store,
                project.index,
                synchronous=settings.database.synchronous,
                busy_timeout_seconds=settings.database.busy_timeout_seconds,
            )
        )
        tasks = await stack.enter_async_context(TaskSet())
        core, background = _assemble(settings, project, database, saver, store, tasks)
        await core.assistants.sync_graphs({name: registry.description(name) for name in registry.graph_ids})
        tasks.supervise("record events", background.recorder.write_step)
        # this process owns the database alone: what is still running was left by one that died
        await background.reaper.reap(everything=True)
        await core.upkeep.finish_removals()
        core.worker.start_loops()
        tasks.supervise("reap", lambda: _every(settings.workers.lease_seconds / 2, background.reaper.reap))
        tasks.supervise("fire crons", background.scheduler.step)
        tasks.supervise("sweep", lambda: _every(_SWEEP_SECONDS, background.sweeper.sweep))
        tasks.supervise("sweep items", lambda: _every(project.store.sweep_minutes * 60, store.sweep_ttl))
        pause = project.thread_ttl.sweep_interval_minutes * 60
        tasks.supervise("prune", lambda: _every(pause, core.upkeep.sweep))
        stack.push_async_callback(core.drain)
        yield core


def _load_project(settings: Settings) -> _Project:
    project = read_project(settings.graphs.file)
    registry = GraphRegistry.load(project)
    if settings.graphs.strict and registry.broken:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in registry.broken.items())
        raise ConfigError(f"Graphs could not be loaded and graphs.strict is on: {reasons}")
    index = load_index(project.store.index, project.folder) if project.store.index else None
    return _Project(registry, project.store, index, project.thread_ttl)


def _sqlite_options(settings: Settings) -> SqliteOptions:
    return SqliteOptions(
        file=settings.data_dir / DATABASE_FILE,
        synchronous=settings.database.synchronous,
        busy_timeout_seconds=settings.database.busy_timeout_seconds,
        readers=settings.database.readers,
    )


def _assemble(
    settings: Settings,
    project: _Project,
    database: Database,
    saver: RunlineSaver,
    store: RunlineStore,
    tasks: TaskSet,
) -> tuple[Core, _Background]:
    clock = SystemClock()
    bridge = MemoryStreamBridge(
        KeepLimits(
            settings.streams.retention_seconds, settings.streams.max_bytes_per_run, settings.streams.max_bytes_total
        )
    )
    bell, thread_bells = MemoryBell(), MemoryThreadBells()
    registry, ttl = project.registry, project.thread_ttl
    threads = ThreadStore(database, clock, ttl.default)
    unseen = UnseenStore(database, clock, ttl.default)
    ttls = TtlStore(database, clock)
    leases = LeaseStore(database, clock)
    side = GraphSide(registry, saver, store)
    states = ThreadStates(side, threads, bell, thread_bells, hold_seconds=settings.workers.lease_seconds)
    items = Items(store, ItemLimits(settings.limits.max_item_name_bytes, settings.limits.max_item_bytes))
    rollback = Rollback(saver, leases, states)
    assistants = AssistantStore(database, clock)
    assistant_graphs = AssistantGraphs(registry, assistants, store)
    segments = SegmentStore(database)
    streams = RunStreams(bridge, segments, Recorder(segments, bridge))
    options = WorkerOptions(
        concurrency=settings.workers.concurrency,
        poll_seconds=settings.workers.poll_seconds,
        lease_seconds=settings.workers.lease_seconds,
        shutdown_grace_seconds=settings.workers.shutdown_grace_seconds,
    )
    executor = Executor(registry, saver, store, leases, states, rollback, streams)
    worker = Worker(executor, leases, bell, clock, tasks, options)
    queue_limits = QueueLimits(settings.limits.max_active_runs_per_thread, settings.limits.max_active_runs)
    manager = RunManager(
        registry=registry,
        assistants=assistant_graphs,
        runs=RunStore(database, clock, queue_limits, ttl.default),
        threads=threads,
        saver=saver,
        states=states,
        rollback=rollback,
        worker=worker,
        bridge=bridge,
        streams=streams,
        bell=bell,
        thread_bells=thread_bells,
        recent=RecentRuns(bridge),
        clock=clock,
    )
    crons = CronStore(database, clock, settings.limits.max_crons)
    cron_bell = MemoryBell()
    min_period = timedelta(seconds=settings.limits.min_cron_period_seconds)
    thread_streams = ThreadStreams(ThreadStreamStore(database), manager, states, saver, thread_bells)
    core = Core(
        registry=registry,
        assistants=assistants,
        assistant_graphs=assistant_graphs,
        assistant_versions=VersionStore(database, clock),
        assistant_removal=AssistantRemoval(assistants, threads, manager),
        crons=crons,
        cron_manager=CronManager(registry, assistant_graphs, crons, cron_bell, clock, min_period),
        threads=threads,
        leases=leases,
        states=states,
        items=items,
        thread_maker=ThreadMaker(saver, states, threads, unseen),
        ttls=ttls,
        upkeep=Upkeep(saver, states, threads, unseen, ttls, ttl.sweep_limit),
        runs=manager,
        worker=worker,
        bridge=bridge,
        thread_bells=thread_bells,
        thread_streams=thread_streams,
        tasks=tasks,
    )
    attempts = settings.workers.max_attempts
    return core, _Background(
        Reaper(leases, threads, saver, states, rollback, streams, bell, worker.live, attempts),
        streams.recorder,
        Scheduler(crons, manager, cron_bell, clock),
        Sweeper(database, segments, clock, settings.streams.stored_retention_seconds),
    )


async def _every(pause_seconds: float, step: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(pause_seconds)
    await step()
