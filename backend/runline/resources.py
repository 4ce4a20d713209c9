"""What the core stands on: langgraph.json imported, the data folder's files opened, the task set.

Leaving `open_resources` closes them in reverse.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runline.config import Settings
from runline.databases import open_databases
from runline.errors import ConfigError
from runline.graphs.checkpoints import RunlineSaver
from runline.graphs.project import read_project
from runline.graphs.registry import GraphRegistry
from runline.graphs.store import RunlineStore
from runline.graphs.store_index import StoreIndex, load_index
from runline.graphs.store_spec import StoreSpec
from runline.graphs.thread_ttl import ThreadTtl
from runline.kit.tasks import TaskSet
from runline.options import keep_limits, redis_options
from runline.runs.dispatcher import Caller, WebhookBody
from runline.storage.engine import Database
from runline.streams.transport import Transport, open_transport
from runline.tracing.export import open_tracer
from runline.tracing.tracer import Tracer
from runline.webhooks.guard import WebhookGuard
from runline.webhooks.rules import WebhookRules, read_rules
from runline.webhooks.sender import open_sender
from runline.webhooks.signature import Signer

if TYPE_CHECKING:
    from runline.storage.postgres_spare import PostgresSpare


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
    make_spare: Callable[[float], PostgresSpare] | None


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
        opened = await stack.enter_async_context(open_databases(settings, project.store, project.index))
        caller = await stack.enter_async_context(_open_caller(settings, project.webhooks, webhook_body))
        transport = await stack.enter_async_context(open_transport(keep_limits(settings), redis_options(settings)))
        tracer = await stack.enter_async_context(open_tracer(os.environ))
        tasks = await stack.enter_async_context(TaskSet())
        yield Resources(
            opened.database, opened.saver, opened.store, caller, transport, tracer, tasks, opened.make_spare
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
