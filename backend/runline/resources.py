"""What the core stands on: langgraph.json imported, the data folder's files opened, the task set.

Leaving `open_resources` closes them in reverse.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

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
from runline.runs.dispatcher import Caller, WebhookBody
from runline.storage.engine import Database
from runline.storage.sqlite import SqliteOptions, lock_data_dir, open_sqlite
from runline.streams.memory import KeepLimits
from runline.streams.redis_line import RedisOptions
from runline.streams.transport import Transport, open_transport
from runline.tracing.export import open_tracer
from runline.tracing.tracer import Tracer
from runline.webhooks.guard import WebhookGuard
from runline.webhooks.rules import WebhookRules, read_rules
from runline.webhooks.sender import open_sender
from runline.webhooks.signature import Signer

DATABASE_FILE = "runline.db"
CHECKPOINT_FILE = "checkpoints.db"
STORE_FILE = "store.db"


@dataclass(frozen=True, slots=True)
class Project:
    """What langgraph.json names, imported."""

    registry: GraphRegistry
    store: StoreSpec
    index: StoreIndex | None
    thread_ttl: ThreadTtl
    webhooks: WebhookRules


@dataclass(frozen=True, slots=True)
class Resources:
    """What is opened before anything is put together, and closed after everything has ended."""

    database: Database
    saver: RunlineSaver
    store: RunlineStore
    caller: Caller
    transport: Transport
    tracer: Tracer
    tasks: TaskSet


def load_project(settings: Settings) -> Project:
    """Read langgraph.json and import what it names; blocks. Raises ConfigError."""
    project = read_project(settings.graphs.file)
    registry = GraphRegistry.load(project)
    if settings.graphs.strict and registry.broken:
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in registry.broken.items())
        raise ConfigError(f"Graphs could not be loaded and graphs.strict is on: {reasons}")
    index = load_index(project.store.index, project.folder) if project.store.index else None
    rules = read_rules(project.file, project.webhooks, os.environ)
    return Project(registry, project.store, index, project.thread_ttl, rules)


@asynccontextmanager
async def open_resources(settings: Settings, project: Project, webhook_body: WebhookBody) -> AsyncIterator[Resources]:
    """Open them in order of dependency. Raises ConfigError."""
    async with AsyncExitStack() as stack:
        stack.enter_context(lock_data_dir(settings.data_dir))
        database = await stack.enter_async_context(open_sqlite(_sqlite_options(settings)))
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
        caller = await stack.enter_async_context(_open_caller(settings, project.webhooks, webhook_body))
        transport = await stack.enter_async_context(open_transport(_keep_limits(settings), _redis_options(settings)))
        tracer = await stack.enter_async_context(open_tracer(os.environ))
        tasks = await stack.enter_async_context(TaskSet())
        yield Resources(database, saver, store, caller, transport, tracer, tasks)


def _keep_limits(settings: Settings) -> KeepLimits:
    kept = settings.streams
    return KeepLimits(kept.retention_seconds, kept.max_bytes_per_run, kept.max_bytes_total)


def _redis_options(settings: Settings) -> RedisOptions | None:
    wanted = settings.redis
    if wanted.uri is None:
        return None
    return RedisOptions(
        uri=wanted.uri.get_secret_value(),
        prefix=wanted.prefix,
        timeout_seconds=wanted.timeout_seconds,
        max_events_per_run=wanted.max_events_per_run,
        max_unsent_bytes=wanted.max_unsent_bytes,
        retention_seconds=settings.streams.retention_seconds,
    )


def _sqlite_options(settings: Settings) -> SqliteOptions:
    return SqliteOptions(
        file=settings.data_dir / DATABASE_FILE,
        synchronous=settings.database.synchronous,
        busy_timeout_seconds=settings.database.busy_timeout_seconds,
        readers=settings.database.readers,
    )


@asynccontextmanager
async def _open_caller(settings: Settings, rules: WebhookRules, body: WebhookBody) -> AsyncIterator[Caller]:
    """What webhooks are called with."""
    wanted = settings.webhooks
    signer = Signer.of(wanted.secret.get_secret_value() if wanted.secret else None)
    guard = WebhookGuard(rules, wanted.allowed_networks)
    try:
        async with open_sender(wanted.timeout_seconds, rules.headers, wanted.concurrency) as sender:
            yield Caller(guard, body, signer, sender)
    finally:
        guard.close()
