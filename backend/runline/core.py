"""Core: every service of one gateway process, and `open_core`, the one place they are put together."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from runline.config import Settings
from runline.errors import ConfigError
from runline.graphs.checkpoints import RunlineSaver, open_saver
from runline.graphs.project import GraphProject, read_project
from runline.graphs.registry import GraphRegistry
from runline.kit.clock import SystemClock
from runline.kit.tasks import TaskSet
from runline.kit.threads import GraphThreads
from runline.runs.assistants import AssistantGraphs
from runline.runs.dispatcher import Caller, Dispatcher, DispatcherOptions, WebhookBody
from runline.runs.executor import Executor
from runline.runs.follow import RunStreams
from runline.runs.manager import RunManager
from runline.runs.reaper import Reaper
from runline.runs.recent import RecentRuns
from runline.runs.recorder import Recorder
from runline.runs.rollback import Rollback
from runline.runs.states import ThreadStates
from runline.runs.sweeper import Sweeper
from runline.runs.webhooks import Webhooks
from runline.runs.worker import Worker, WorkerOptions
from runline.storage.assistants import AssistantStore
from runline.storage.deliveries import DeliveryStore
from runline.storage.engine import Database, SqliteOptions, lock_data_dir, open_database
from runline.storage.leases import LeaseStore
from runline.storage.runs import QueueLimits, RunStore
from runline.storage.segments import SegmentStore
from runline.storage.threads import ThreadStore
from runline.streams.contracts import StreamBridge
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge
from runline.webhooks.guard import WebhookGuard
from runline.webhooks.rules import read_rules
from runline.webhooks.sender import open_sender
from runline.webhooks.signature import Signer

DATABASE_FILE = "runline.db"
CHECKPOINT_FILE = "checkpoints.db"

_SWEEP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Core:
    """The services that doors call."""

    registry: GraphRegistry
    assistants: AssistantStore
    assistant_graphs: AssistantGraphs
    threads: ThreadStore
    leases: LeaseStore
    states: ThreadStates
    runs: RunManager
    worker: Worker
    bridge: StreamBridge
    tasks: TaskSet

    async def drain(self) -> None:
        """Take no more work, let runs finish within the grace period, give back the rest, end all streams."""
        await self.worker.drain()
        self.bridge.shut_down()


@dataclass(frozen=True, slots=True)
class _Background:
    """What the loops drive beside the worker."""

    reaper: Reaper
    recorder: Recorder
    sweeper: Sweeper
    dispatcher: Dispatcher


@asynccontextmanager
async def open_core(settings: Settings, webhook_body: WebhookBody) -> AsyncIterator[Core]:
    """Open everything in order of dependency; leaving it drains and closes in reverse.

    `webhook_body` is a door's translation of what webhooks are told.
    Raises ConfigError with the remedy when the settings cannot work.
    """
    # nodes and tools that are not async run here; asyncio's own default is a handful of threads
    asyncio.get_running_loop().set_default_executor(GraphThreads(settings.workers.threads))
    project = await asyncio.to_thread(read_project, settings.graphs.file)
    registry = await asyncio.to_thread(_load_graphs, project, strict=settings.graphs.strict)
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
        caller = await stack.enter_async_context(_open_caller(settings, project, webhook_body))
        tasks = await stack.enter_async_context(TaskSet())
        core, background = _assemble(settings, registry, database, saver, tasks, caller)
        await core.assistants.sync_graphs({name: registry.description(name) for name in registry.graph_ids})
        tasks.supervise("record events", background.recorder.write_step)
        # this process owns the database alone: what is still running was left by one that died
        await background.reaper.reap(everything=True)
        core.worker.start_loops()
        tasks.supervise("reap", lambda: _every(settings.workers.lease_seconds / 2, background.reaper.reap))
        tasks.supervise("sweep", lambda: _every(_SWEEP_SECONDS, background.sweeper.sweep))
        tasks.supervise("dispatch webhooks", background.dispatcher.dispatch_step)
        stack.push_async_callback(background.dispatcher.drain)
        stack.push_async_callback(core.drain)
        yield core


def _load_graphs(project: GraphProject, *, strict: bool) -> GraphRegistry:
    registry = GraphRegistry.load(project)
    if strict and registry.broken:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in registry.broken.items())
        raise ConfigError(f"Graphs could not be loaded and graphs.strict is on: {reasons}")
    return registry


def _sqlite_options(settings: Settings) -> SqliteOptions:
    return SqliteOptions(
        file=settings.data_dir / DATABASE_FILE,
        synchronous=settings.database.synchronous,
        busy_timeout_seconds=settings.database.busy_timeout_seconds,
        readers=settings.database.readers,
    )


@asynccontextmanager
async def _open_caller(settings: Settings, project: GraphProject, body: WebhookBody) -> AsyncIterator[Caller]:
    """What webhooks are called with. The project's environment is in place by now."""
    wanted = settings.webhooks
    rules = read_rules(project.file, project.webhooks, os.environ)
    signer = Signer.of(wanted.secret.get_secret_value() if wanted.secret else None)
    guard = WebhookGuard(rules, wanted.allowed_networks)
    try:
        async with open_sender(wanted.timeout_seconds, rules.headers, wanted.concurrency) as sender:
            yield Caller(guard, body, signer, sender)
    finally:
        guard.close()


def _assemble(
    settings: Settings,
    registry: GraphRegistry,
    database: Database,
    saver: RunlineSaver,
    tasks: TaskSet,
    caller: Caller,
) -> tuple[Core, _Background]:
    clock = SystemClock()
    bridge = MemoryStreamBridge(
        KeepLimits(
            settings.streams.retention_seconds, settings.streams.max_bytes_per_run, settings.streams.max_bytes_total
        )
    )
    bell = MemoryBell()
    threads = ThreadStore(database, clock)
    leases = LeaseStore(database, clock)
    states = ThreadStates(registry, saver, threads, bell, hold_seconds=settings.workers.lease_seconds)
    rollback = Rollback(saver, leases, states)
    assistants = AssistantStore(database, clock)
    assistant_graphs = AssistantGraphs(registry, assistants)
    segments = SegmentStore(database)
    streams = RunStreams(bridge, segments, Recorder(segments, bridge))
    options = WorkerOptions(
        concurrency=settings.workers.concurrency,
        poll_seconds=settings.workers.poll_seconds,
        lease_seconds=settings.workers.lease_seconds,
        shutdown_grace_seconds=settings.workers.shutdown_grace_seconds,
    )
    deliveries = DeliveryStore(database, clock)
    webhooks = Webhooks(caller.guard, deliveries, MemoryBell())
    executor = Executor(registry, saver, leases, states, rollback, streams, webhooks)
    worker = Worker(executor, leases, bell, clock, tasks, options)
    queue_limits = QueueLimits(settings.limits.max_active_runs_per_thread, settings.limits.max_active_runs)
    manager = RunManager(
        registry=registry,
        assistants=assistant_graphs,
        runs=RunStore(database, clock, queue_limits),
        threads=threads,
        saver=saver,
        states=states,
        rollback=rollback,
        webhooks=webhooks,
        worker=worker,
        bridge=bridge,
        streams=streams,
        bell=bell,
        recent=RecentRuns(bridge),
        clock=clock,
    )
    core = Core(registry, assistants, assistant_graphs, threads, leases, states, manager, worker, bridge, tasks)
    attempts = settings.workers.max_attempts
    return core, _Background(
        Reaper(leases, threads, saver, states, rollback, streams, webhooks, bell, worker.live, attempts),
        streams.recorder,
        Sweeper(
            database,
            segments,
            clock,
            settings.streams.stored_retention_seconds,
            settings.webhooks.retention_seconds,
        ),
        Dispatcher(deliveries, caller, webhooks.bell, clock, tasks, _dispatcher_options(settings)),
    )


def _dispatcher_options(settings: Settings) -> DispatcherOptions:
    wanted = settings.webhooks
    return DispatcherOptions(
        concurrency=wanted.concurrency,
        timeout_seconds=wanted.timeout_seconds,
        max_attempts=wanted.max_attempts,
        retry_seconds=wanted.retry_seconds,
        poll_seconds=settings.workers.poll_seconds,
    )


async def _every(pause_seconds: float, step: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(pause_seconds)
    await step()
