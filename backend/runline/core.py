"""Core: every service of one gateway process, and `open_core`, the one place they are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from runline.config import Settings
from runline.errors import ConfigError
from runline.graphs.registry import GraphRegistry
from runline.kit.ids import new_id
from runline.kit.tasks import TaskSet
from runline.kit.threads import GraphThreads
from runline.options import dispatcher_options, item_limits, price_list, queue_limits, worker_options
from runline.resources import Project, Resources, load_project, open_resources
from runline.runs.assistants import AssistantGraphs
from runline.runs.commands import ThreadCommands
from runline.runs.crons import CronManager
from runline.runs.dispatcher import Dispatcher, WebhookBody
from runline.runs.executor import Executor
from runline.runs.follow import RunStreams
from runline.runs.heard import HeardRuns
from runline.runs.insight import Insight
from runline.runs.items import Items
from runline.runs.ledger import Ledger
from runline.runs.log_streams import LogStreams
from runline.runs.manager import RunManager
from runline.runs.meters import Meters
from runline.runs.mirror_watch import MirrorWatch
from runline.runs.prices import PriceList
from runline.runs.reaper import Reaper
from runline.runs.recent import RecentRuns
from runline.runs.recorder import Recorder
from runline.runs.removal import AssistantRemoval
from runline.runs.rollback import Rollback
from runline.runs.run_logs import RunLogs
from runline.runs.scheduler import Scheduler
from runline.runs.states import GraphSide, ThreadStates
from runline.runs.stranded import StrandedRuns
from runline.runs.supersteps import ThreadMaker
from runline.runs.sweeper import Sweeper
from runline.runs.thread_streams import ThreadStreams
from runline.runs.upkeep import Upkeep
from runline.runs.vigil import Vigil
from runline.runs.watch import Watch
from runline.runs.webhooks import Webhooks
from runline.runs.worker import Worker
from runline.storage.assistants import AssistantStore
from runline.storage.crons import CronStore
from runline.storage.deliveries import DeliveryStore
from runline.storage.feedback import FeedbackStore
from runline.storage.leases import LeaseStore
from runline.storage.queue import Claimant
from runline.storage.run_events import RunEventStore
from runline.storage.run_lists import RunListStore
from runline.storage.run_log import RunLogStore
from runline.storage.runs import RunStore
from runline.storage.segments import SegmentStore
from runline.storage.thread_streams import ThreadStreamStore
from runline.storage.threads import ThreadStore
from runline.storage.ttls import TtlStore
from runline.storage.unseen import UnseenStore
from runline.storage.usage import UsageStore
from runline.storage.usage_periods import UsagePeriodStore
from runline.storage.versions import VersionStore
from runline.streams.contracts import StreamBridge, ThreadBells
from runline.streams.memory import MemoryBell
from runline.streams.transport import RedisSide
from runline.tracing.tracer import Tracer

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
    run_lists: RunListStore
    worker: Worker
    bridge: StreamBridge
    thread_bells: ThreadBells
    log_bells: ThreadBells
    logs: RunLogs
    thread_streams: ThreadStreams
    redis: RedisSide | None
    meters: Meters
    tracer: Tracer
    insight: Insight
    commands: ThreadCommands
    tasks: TaskSet

    async def drain(self) -> None:
        """Take no more work, let runs finish within the grace period, give back the rest, end all streams."""
        await self.worker.drain()
        self.bridge.shut_down()
        self.thread_bells.shut_down()
        self.log_bells.shut_down()
        if self.redis:
            await self.redis.flush()


@dataclass(frozen=True, slots=True)
class _Background:
    """What the loops drive beside the worker."""

    reaper: Reaper
    recorder: Recorder
    logs: RunLogs
    scheduler: Scheduler
    sweeper: Sweeper
    dispatcher: Dispatcher
    stranded: StrandedRuns


@asynccontextmanager
async def open_core(settings: Settings, webhook_body: WebhookBody) -> AsyncIterator[Core]:
    """Open everything in order of dependency; leaving it drains and closes in reverse.

    `webhook_body` is a door's translation of what webhooks are told.
    Raises ConfigError with the remedy when the settings cannot work.
    """
    # nodes and tools that are not async run here; asyncio's own default is a handful of threads
    asyncio.get_running_loop().set_default_executor(GraphThreads(settings.workers.threads))
    if settings.workers.concurrency == 0 and not settings.is_shared:
        raise ConfigError(
            "Nobody would execute runs: a gateway that does not work needs workers beside it, which share "
            "'database.uri' (PostgreSQL) and 'redis.uri' with it. Set both, or let it work (workers.concurrency)."
        )
    project = await asyncio.to_thread(load_project, settings)
    async with (
        open_resources(settings, project, webhook_body) as opened,
        run_core(settings, project, opened, alone=not settings.is_shared) as core,
    ):
        yield core


@asynccontextmanager
async def run_core(
    settings: Settings, project: Project, opened: Resources, *, alone: bool = True
) -> AsyncIterator[Core]:
    """Put everything together and start it; leaving it drains.

    `alone`: no other process uses the database, so that what is running or half made was left by one that died.
    """
    async with AsyncExitStack() as stack:
        core = _assemble(settings, project, opened)
        background = _background_of(core, settings, opened)
        graphs = {name: project.registry.description(name) for name in project.registry.graph_ids}
        await core.assistants.sync_graphs(graphs, alone=alone)
        tasks = opened.tasks
        tasks.supervise("record events", background.recorder.write_step)
        for name, step in opened.transport.loops.items():
            tasks.supervise(name, step)
        if core.redis:
            watch = MirrorWatch(core.redis, core.leases, core.runs.streams.segments)
            tasks.supervise("watch mirrors", lambda: _every(settings.workers.poll_seconds, watch.look))
        tasks.supervise("write logs", background.logs.write_step)
        if alone:
            await background.reaper.reap(everything=True)
            await core.upkeep.finish_removals()
        core.worker.start_loops()
        tasks.supervise("hold slots", core.states.renew_step)
        tasks.supervise("reap", lambda: _every(settings.workers.lease_seconds / 3, background.reaper.reap_step))
        tasks.supervise("look for stranded runs", background.stranded.look_step)
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


def _assemble(settings: Settings, project: Project, opened: Resources) -> Core:
    database, saver, store, tasks, caller = opened.database, opened.saver, opened.store, opened.tasks, opened.caller
    tracer, transport = opened.tracer, opened.transport
    notes = transport.redis.notes if transport.redis else None
    clock = database.clock
    meters = Meters(clock)
    bridge, bell = transport.bridge, transport.bell
    thread_bells, log_bells = transport.thread_bells, transport.log_bells
    registry, ttl = project.registry, project.thread_ttl
    threads = ThreadStore(database, clock, ttl.default)
    unseen = UnseenStore(database, clock, ttl.default)
    ttls = TtlStore(database, clock)
    leases = LeaseStore(database, clock)
    side = GraphSide(registry, saver, store)
    states = ThreadStates(side, threads, bell, thread_bells, hold_seconds=settings.workers.lease_seconds)
    items = Items(store, item_limits(settings))
    rollback = Rollback(saver, leases, states)
    assistants = AssistantStore(database, clock)
    assistant_graphs = AssistantGraphs(registry, assistants, store)
    segments = SegmentStore(database)
    runs = RunStore(database, clock, queue_limits(settings), ttl.default)
    streams = RunStreams(runs, bridge, segments, Recorder(segments, bridge))
    deliveries = DeliveryStore(database, clock)
    webhooks = Webhooks(caller.guard, deliveries, MemoryBell())
    logs = RunLogs(RunLogStore(database), log_bells)
    prices = price_list(settings)
    watch = Watch(logs, Ledger(prices, meters), clock, settings.insight.max_trace_bytes)
    executor = Executor(
        registry, saver, store, leases, states, rollback, streams, webhooks, thread_bells, watch, meters, tracer
    )
    worker = Worker(executor, leases, bell, clock, tasks, worker_options(settings))
    transport.stop_bell.answer(worker.stop)
    manager = RunManager(
        registry=registry,
        assistants=assistant_graphs,
        runs=runs,
        threads=threads,
        unseen=unseen,
        saver=saver,
        states=states,
        rollback=rollback,
        webhooks=webhooks,
        worker=worker,
        bridge=bridge,
        streams=streams,
        bell=bell,
        stop_bell=transport.stop_bell,
        thread_bells=thread_bells,
        log_bells=log_bells,
        recent=RecentRuns(bridge, notes),
        clock=clock,
        meters=meters,
        tracer=tracer,
    )
    crons = CronStore(database, clock, settings.limits.max_crons)
    min_period = timedelta(seconds=settings.limits.min_cron_period_seconds)
    thread_streams = ThreadStreams(ThreadStreamStore(database), manager, states, saver, thread_bells)
    return Core(
        registry=registry,
        assistants=assistants,
        assistant_graphs=assistant_graphs,
        assistant_versions=VersionStore(database, clock),
        assistant_removal=AssistantRemoval(assistants, threads, manager),
        crons=crons,
        cron_manager=CronManager(registry, assistant_graphs, crons, webhooks, transport.cron_bell, clock, min_period),
        threads=threads,
        leases=leases,
        states=states,
        items=items,
        thread_maker=ThreadMaker(saver, states, threads, unseen),
        ttls=ttls,
        upkeep=Upkeep(saver, states, threads, unseen, ttls, ttl.sweep_limit),
        runs=manager,
        run_lists=RunListStore(database),
        worker=worker,
        bridge=bridge,
        thread_bells=thread_bells,
        log_bells=log_bells,
        logs=logs,
        thread_streams=thread_streams,
        redis=transport.redis,
        meters=meters,
        tracer=tracer,
        insight=_insight_of(opened, prices),
        commands=ThreadCommands(manager, states, thread_streams.store, HeardRuns(notes)),
        tasks=tasks,
    )


def _insight_of(opened: Resources, prices: PriceList) -> Insight:
    database = opened.database
    run_events = RunEventStore(database)
    return Insight(
        events=run_events,
        logs=LogStreams(run_events, opened.transport.log_bells),
        usage=UsageStore(database),
        periods=UsagePeriodStore(database),
        feedback=FeedbackStore(database, database.clock),
        prices=prices,
    )


def _background_of(core: Core, settings: Settings, opened: Resources) -> _Background:
    runs = core.runs
    streams, webhooks, clock = runs.streams, runs.webhooks, runs.clock
    attempts = settings.workers.max_attempts
    kept_seconds = settings.streams.stored_retention_seconds, settings.webhooks.retention_seconds
    return _Background(
        Reaper(
            core.leases,
            core.threads,
            runs.saver,
            core.states,
            runs.rollback,
            streams,
            webhooks,
            runs.bell,
            core.log_bells,
            core.worker.live,
            Claimant(new_id(), timedelta(seconds=settings.workers.lease_seconds)),
            core.upkeep,
            attempts,
            core.meters,
            Vigil(settings.workers.lease_seconds),
        ),
        streams.recorder,
        core.logs,
        Scheduler(core.crons, runs, core.cron_manager.bell, clock),
        Sweeper(opened.database, streams.segments, clock, *kept_seconds),
        Dispatcher(webhooks, opened.caller, clock, opened.tasks, dispatcher_options(settings), core.meters),
        StrandedRuns(core.leases, core.registry, clock),
    )


async def _every(pause_seconds: float, step: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(pause_seconds)
    await step()
