"""Core: every service of one gateway process, and `open_core`, the one place they are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from runline.config import Settings
from runline.graphs.registry import GraphRegistry
from runline.kit.clock import SystemClock
from runline.kit.tasks import TaskSet
from runline.kit.threads import GraphThreads
from runline.model.item import ItemLimits
from runline.resources import Project, Resources, load_project, open_resources
from runline.runs.assistants import AssistantGraphs
from runline.runs.commands import ThreadCommands
from runline.runs.crons import CronManager
from runline.runs.dispatcher import Dispatcher, DispatcherOptions, WebhookBody
from runline.runs.executor import Executor
from runline.runs.follow import RunStreams
from runline.runs.insight import Insight
from runline.runs.items import Items
from runline.runs.ledger import Ledger
from runline.runs.log_streams import LogStreams
from runline.runs.manager import RunManager
from runline.runs.prices import Price, PriceList
from runline.runs.reaper import Reaper
from runline.runs.recent import RecentRuns
from runline.runs.recorder import Recorder
from runline.runs.removal import AssistantRemoval
from runline.runs.rollback import Rollback
from runline.runs.run_logs import RunLogs
from runline.runs.scheduler import Scheduler
from runline.runs.states import GraphSide, ThreadStates
from runline.runs.supersteps import ThreadMaker
from runline.runs.sweeper import Sweeper
from runline.runs.thread_streams import ThreadStreams
from runline.runs.upkeep import Upkeep
from runline.runs.watch import Watch
from runline.runs.webhooks import Webhooks
from runline.runs.worker import Worker, WorkerOptions
from runline.storage.assistants import AssistantStore
from runline.storage.crons import CronStore
from runline.storage.deliveries import DeliveryStore
from runline.storage.feedback import FeedbackStore
from runline.storage.leases import LeaseStore
from runline.storage.run_events import RunEventStore
from runline.storage.run_log import RunLogStore
from runline.storage.runs import QueueLimits, RunStore
from runline.storage.segments import SegmentStore
from runline.storage.thread_streams import ThreadStreamStore
from runline.storage.threads import ThreadStore
from runline.storage.ttls import TtlStore
from runline.storage.unseen import UnseenStore
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore
from runline.storage.versions import VersionStore
from runline.streams.contracts import StreamBridge, ThreadBells
from runline.streams.memory import KeepLimits, MemoryBell, MemoryStreamBridge
from runline.streams.thread_bells import MemoryThreadBells

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
    log_bells: ThreadBells
    thread_streams: ThreadStreams
    commands: ThreadCommands
    insight: Insight
    tasks: TaskSet

    async def drain(self) -> None:
        """Take no more work, let runs finish within the grace period, give back the rest, end all streams."""
        await self.worker.drain()
        self.bridge.shut_down()
        self.thread_bells.shut_down()
        self.log_bells.shut_down()


@dataclass(frozen=True, slots=True)
class _Background:
    """What the loops drive beside the worker."""

    reaper: Reaper
    recorder: Recorder
    logs: RunLogs
    scheduler: Scheduler
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
    project = await asyncio.to_thread(load_project, settings)
    registry = project.registry
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(open_resources(settings, project, webhook_body))
        core, background = _assemble(settings, project, opened)
        await core.assistants.sync_graphs({name: registry.description(name) for name in registry.graph_ids})
        tasks = opened.tasks
        tasks.supervise("record events", background.recorder.write_step)
        tasks.supervise("write logs", background.logs.write_step)
        # this process owns the database alone: what is still running was left by one that died
        await background.reaper.reap(everything=True)
        await core.upkeep.finish_removals()
        core.worker.start_loops()
        tasks.supervise("reap", lambda: _every(settings.workers.lease_seconds / 2, background.reaper.reap))
        tasks.supervise("fire crons", background.scheduler.step)
        tasks.supervise("sweep", lambda: _every(_SWEEP_SECONDS, background.sweeper.sweep))
        tasks.supervise("sweep items", lambda: _every(project.store.sweep_minutes * 60, opened.store.sweep_ttl))
        pause = project.thread_ttl.sweep_interval_minutes * 60
        tasks.supervise("prune", lambda: _every(pause, core.upkeep.sweep))
        tasks.supervise("dispatch webhooks", background.dispatcher.dispatch_step)
        stack.push_async_callback(background.dispatcher.drain)
        stack.push_async_callback(background.logs.drain)
        stack.push_async_callback(core.drain)
        yield core


def _assemble(settings: Settings, project: Project, opened: Resources) -> tuple[Core, _Background]:
    database, saver, store, tasks, caller = opened.database, opened.saver, opened.store, opened.tasks, opened.caller
    clock = SystemClock()
    bridge = MemoryStreamBridge(
        KeepLimits(
            settings.streams.retention_seconds, settings.streams.max_bytes_per_run, settings.streams.max_bytes_total
        )
    )
    bell, thread_bells, log_bells = MemoryBell(), MemoryThreadBells(), MemoryThreadBells()
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
    deliveries = DeliveryStore(database, clock)
    webhooks = Webhooks(caller.guard, deliveries, MemoryBell())
    logs = RunLogs(RunLogStore(database), log_bells)
    prices = _price_list(settings)
    watch = Watch(logs, Ledger(prices), clock, settings.insight.max_trace_bytes)
    executor = Executor(registry, saver, store, leases, states, rollback, streams, webhooks, watch)
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
        webhooks=webhooks,
        worker=worker,
        bridge=bridge,
        streams=streams,
        bell=bell,
        thread_bells=thread_bells,
        log_bells=log_bells,
        recent=RecentRuns(bridge),
        clock=clock,
    )
    crons = CronStore(database, clock, settings.limits.max_crons)
    cron_bell = MemoryBell()
    min_period = timedelta(seconds=settings.limits.min_cron_period_seconds)
    thread_streams = ThreadStreams(ThreadStreamStore(database), manager, states, saver, thread_bells)
    run_events = RunEventStore(database)
    insight = Insight(
        events=run_events,
        logs=LogStreams(run_events, log_bells),
        usage=UsageStore(database),
        periods=UsagePeriodStore(database),
        feedback=FeedbackStore(database, clock),
        prices=prices,
    )
    core = Core(
        registry=registry,
        assistants=assistants,
        assistant_graphs=assistant_graphs,
        assistant_versions=VersionStore(database, clock),
        assistant_removal=AssistantRemoval(assistants, threads, manager),
        crons=crons,
        cron_manager=CronManager(registry, assistant_graphs, crons, webhooks, cron_bell, clock, min_period),
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
        log_bells=log_bells,
        thread_streams=thread_streams,
        commands=ThreadCommands(manager, states, thread_streams.store),
        insight=insight,
        tasks=tasks,
    )
    attempts = settings.workers.max_attempts
    return core, _Background(
        Reaper(leases, threads, saver, states, rollback, streams, webhooks, bell, log_bells, worker.live, attempts),
        streams.recorder,
        logs,
        Scheduler(crons, manager, cron_bell, clock),
        Sweeper(
            database,
            segments,
            clock,
            settings.streams.stored_retention_seconds,
            settings.webhooks.retention_seconds,
        ),
        Dispatcher(deliveries, caller, webhooks.bell, clock, tasks, _dispatcher_options(settings)),
    )


def _price_list(settings: Settings) -> PriceList:
    return PriceList({model: Price(**price.model_dump()) for model, price in settings.insight.prices.items()})


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
