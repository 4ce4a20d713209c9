"""Core: every service of one gateway process, and `open_core`, the one place they are put together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from runline.config import Settings
from runline.errors import ConfigError
from runline.graphs.registry import GraphRegistry
from runline.kit.ids import new_id
from runline.kit.tasks import TaskSet
from runline.kit.threads import GraphThreads
from runline.options import dispatcher_options, item_limits, price_list, worker_options
from runline.resources import Project, Resources, load_project, open_resources
from runline.runs.assistants import AssistantGraphs
from runline.runs.commands import ThreadCommands
from runline.runs.conclusion import Conclusion
from runline.runs.crons import CronManager
from runline.runs.dispatcher import Dispatcher, WebhookBody
from runline.runs.executor import Executor
from runline.runs.follow import RunStreams
from runline.runs.heard import HeardRuns
from runline.runs.insight import Insight
from runline.runs.items import Items
from runline.runs.keeper import Keeper
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
from runline.runs.slots import ThreadSlots
from runline.runs.states import GraphSide, ThreadStates
from runline.runs.stopping import Stopping
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
from runline.storage.claims import ClaimStore
from runline.storage.crons import CronStore
from runline.storage.leases import LeaseStore
from runline.storage.queue import Claimant
from runline.storage.run_lists import RunListStore
from runline.storage.threads import ThreadStore
from runline.storage.ttls import TtlStore
from runline.storage.versions import VersionStore
from runline.stores import Stores, stores_in
from runline.streams.contracts import StreamBridge, ThreadBells
from runline.streams.memory import MemoryBell
from runline.tracing.tracer import Tracer

if TYPE_CHECKING:
    from runline.streams.redis_notes import RedisNotes
    from runline.streams.redis_side import RedisSide

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
    claims: ClaimStore
    leases: LeaseStore
    states: ThreadStates
    slots: ThreadSlots
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
            watch = MirrorWatch(core.redis, core.claims, core.runs.streams.segments)
            tasks.supervise("watch mirrors", lambda: _every(settings.workers.poll_seconds, watch.look))
        tasks.supervise("write logs", background.logs.write_step)
        if alone:
            await background.reaper.reap(everything=True)
            await core.upkeep.finish_removals()
        core.worker.start_loops()
        if opened.make_spare:
            stack.enter_context(Keeper(core.worker, core.leases, opened.make_spare, core.meters).keeping())
        tasks.supervise("hold slots", core.slots.renew_step)
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


@dataclass(frozen=True, slots=True)
class _Engine:
    """What executes runs, and what of it others need."""

    worker: Worker
    states: ThreadStates
    slots: ThreadSlots
    rollback: Rollback
    streams: RunStreams
    webhooks: Webhooks
    logs: RunLogs
    prices: PriceList
    meters: Meters


def _assemble(settings: Settings, project: Project, opened: Resources) -> Core:
    stores = stores_in(opened.database, settings, project.thread_ttl)
    engine = _engine_of(settings, project.registry, opened, stores)
    transport, saver, states, threads = opened.transport, opened.saver, engine.states, stores.threads
    runs = _manager_of(project.registry, opened, stores, engine)
    sweep_limit = project.thread_ttl.sweep_limit
    return Core(
        registry=project.registry,
        assistants=stores.assistants,
        assistant_graphs=runs.assistants,
        assistant_versions=stores.versions,
        assistant_removal=AssistantRemoval(stores.assistants, threads, runs),
        crons=stores.crons,
        cron_manager=_cron_manager_of(settings, opened, stores, runs),
        threads=threads,
        claims=stores.claims,
        leases=stores.leases,
        states=states,
        slots=engine.slots,
        items=Items(opened.store, item_limits(settings)),
        thread_maker=ThreadMaker(saver, states, engine.slots, threads, stores.unseen),
        ttls=stores.ttls,
        upkeep=Upkeep(saver, engine.slots, threads, stores.unseen, stores.ttls, sweep_limit),
        runs=runs,
        run_lists=stores.run_lists,
        worker=engine.worker,
        bridge=transport.bridge,
        thread_bells=transport.thread_bells,
        log_bells=transport.log_bells,
        logs=engine.logs,
        thread_streams=ThreadStreams(stores.thread_streams, runs, states, saver, transport.thread_bells),
        redis=transport.redis,
        meters=engine.meters,
        tracer=opened.tracer,
        insight=_insight_of(opened, stores, engine.prices),
        commands=ThreadCommands(runs, states, stores.thread_streams, HeardRuns(_notes_of(opened))),
        tasks=opened.tasks,
    )


def _engine_of(settings: Settings, registry: GraphRegistry, opened: Resources, stores: Stores) -> _Engine:
    clock, saver, store, transport = opened.database.clock, opened.saver, opened.store, opened.transport
    leases, bell, thread_bells = stores.leases, transport.bell, transport.thread_bells
    meters, prices, tracer = Meters(clock), price_list(settings), opened.tracer
    side = GraphSide(registry, saver, store)
    slots = ThreadSlots(saver, stores.threads, bell, thread_bells, hold_seconds=settings.workers.lease_seconds)
    states = ThreadStates(side, stores.threads, slots)
    rollback = Rollback(saver, leases, states)
    streams = RunStreams(stores.runs, transport.bridge, stores.segments, Recorder(stores.segments, transport.bridge))
    webhooks = Webhooks(opened.caller.guard, stores.deliveries, MemoryBell())
    logs = RunLogs(stores.run_log, transport.log_bells)
    watch = Watch(logs, Ledger(prices, meters), clock, settings.insight.max_trace_bytes)
    conclusion = Conclusion(saver, leases, states, rollback, streams.segments, logs)
    executor = Executor(registry, saver, store, conclusion, streams, webhooks, thread_bells, watch, meters, tracer)
    worker = Worker(executor, stores.claims, bell, clock, opened.tasks, worker_options(settings))
    transport.stop_bell.answer(worker.stop)
    return _Engine(worker, states, slots, rollback, streams, webhooks, logs, prices, meters)


def _manager_of(registry: GraphRegistry, opened: Resources, stores: Stores, engine: _Engine) -> RunManager:
    transport = opened.transport
    return RunManager(
        registry=registry,
        assistants=AssistantGraphs(registry, stores.assistants, opened.store),
        runs=stores.runs,
        threads=stores.threads,
        unseen=stores.unseen,
        saver=opened.saver,
        states=engine.states,
        slots=engine.slots,
        rollback=engine.rollback,
        webhooks=engine.webhooks,
        worker=engine.worker,
        bridge=transport.bridge,
        streams=engine.streams,
        bell=transport.bell,
        stopping=_stopping_of(opened, stores, engine),
        recent=RecentRuns(transport.bridge, _notes_of(opened)),
        clock=opened.database.clock,
        meters=engine.meters,
        tracer=opened.tracer,
    )


def _stopping_of(opened: Resources, stores: Stores, engine: _Engine) -> Stopping:
    transport = opened.transport
    return Stopping(
        runs=stores.runs,
        worker=engine.worker,
        bridge=transport.bridge,
        webhooks=engine.webhooks,
        bell=transport.bell,
        stop_bell=transport.stop_bell,
        thread_bells=transport.thread_bells,
        log_bells=transport.log_bells,
        meters=engine.meters,
    )


def _notes_of(opened: Resources) -> RedisNotes | None:
    return opened.transport.redis.notes if opened.transport.redis else None


def _cron_manager_of(settings: Settings, opened: Resources, stores: Stores, runs: RunManager) -> CronManager:
    min_period = timedelta(seconds=settings.limits.min_cron_period_seconds)
    bell = opened.transport.cron_bell
    return CronManager(runs.registry, runs.assistants, stores.crons, runs.webhooks, bell, runs.clock, min_period)


def _insight_of(opened: Resources, stores: Stores, prices: PriceList) -> Insight:
    return Insight(
        events=stores.run_events,
        logs=LogStreams(stores.run_events, opened.transport.log_bells),
        usage=stores.usage,
        periods=stores.usage_periods,
        feedback=stores.feedback,
        prices=prices,
    )


def _background_of(core: Core, settings: Settings, opened: Resources) -> _Background:
    runs = core.runs
    streams, webhooks, clock = runs.streams, runs.webhooks, runs.clock
    attempts = settings.workers.max_attempts
    kept_seconds = settings.streams.stored_retention_seconds, settings.webhooks.retention_seconds
    return _Background(
        Reaper(
            core.claims,
            core.leases,
            core.threads,
            runs.saver,
            core.states,
            core.slots,
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
        StrandedRuns(core.claims, core.registry, clock),
    )


async def _every(pause_seconds: float, step: Callable[[], Awaitable[object]]) -> None:
    await asyncio.sleep(pause_seconds)
    await step()
