"""What the floors below are told of the settings, which they do not see: numbers, in the shapes that they ask for."""

from __future__ import annotations

from runline.config import Settings
from runline.model.item import ItemLimits
from runline.runs.dispatcher import DispatcherOptions
from runline.runs.prices import Price, PriceList
from runline.runs.worker import WorkerOptions
from runline.storage.runs import QueueLimits
from runline.streams.memory import KeepLimits
from runline.streams.redis_options import RedisOptions


def worker_options(settings: Settings) -> WorkerOptions:
    """How runs are executed."""
    wanted = settings.workers
    return WorkerOptions(
        concurrency=wanted.concurrency,
        poll_seconds=wanted.poll_seconds,
        lease_seconds=wanted.lease_seconds,
        shutdown_grace_seconds=wanted.shutdown_grace_seconds,
        shared=settings.is_shared,
    )


def dispatcher_options(settings: Settings) -> DispatcherOptions:
    """How webhooks are called."""
    wanted = settings.webhooks
    return DispatcherOptions(
        concurrency=wanted.concurrency,
        timeout_seconds=wanted.timeout_seconds,
        max_attempts=wanted.max_attempts,
        retry_seconds=wanted.retry_seconds,
        poll_seconds=settings.workers.poll_seconds,
    )


def queue_limits(settings: Settings) -> QueueLimits:
    """How many runs may wait."""
    return QueueLimits(settings.limits.max_active_runs_per_thread, settings.limits.max_active_runs)


def keep_limits(settings: Settings) -> KeepLimits:
    """How much of the runs' streams is kept in memory."""
    wanted = settings.streams
    return KeepLimits(wanted.retention_seconds, wanted.max_bytes_per_run, wanted.max_bytes_total)


def item_limits(settings: Settings) -> ItemLimits:
    """How large items of the store may be."""
    return ItemLimits(settings.limits.max_item_name_bytes, settings.limits.max_item_bytes)


def price_list(settings: Settings) -> PriceList:
    """What calls of models cost where the operator knows better."""
    return PriceList({model: Price(**price.model_dump()) for model, price in settings.insight.prices.items()})


def redis_options(settings: Settings) -> RedisOptions | None:
    """How Redis is reached and used; None without it."""
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
