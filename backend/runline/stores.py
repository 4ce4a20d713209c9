"""Every store of one gateway process: the tables of one database, as the services see them."""

from __future__ import annotations

from dataclasses import dataclass

from runline.config import Settings
from runline.graphs.thread_ttl import ThreadTtl
from runline.options import queue_limits
from runline.storage.assistants import AssistantStore
from runline.storage.claims import ClaimStore
from runline.storage.crons import CronStore
from runline.storage.deliveries import DeliveryStore
from runline.storage.engine import Database
from runline.storage.feedback import FeedbackStore
from runline.storage.leases import LeaseStore
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


@dataclass(frozen=True, slots=True)
class Stores:
    """Each is stateless: what it knows is in the database."""

    assistants: AssistantStore
    versions: VersionStore
    threads: ThreadStore
    unseen: UnseenStore
    ttls: TtlStore
    runs: RunStore
    run_lists: RunListStore
    claims: ClaimStore
    leases: LeaseStore
    segments: SegmentStore
    thread_streams: ThreadStreamStore
    crons: CronStore
    deliveries: DeliveryStore
    run_log: RunLogStore
    run_events: RunEventStore
    usage: UsageStore
    usage_periods: UsagePeriodStore
    feedback: FeedbackStore


def stores_in(database: Database, settings: Settings, ttl: ThreadTtl) -> Stores:
    """`ttl`: what new threads get."""
    clock = database.clock
    return Stores(
        assistants=AssistantStore(database, clock),
        versions=VersionStore(database, clock),
        threads=ThreadStore(database, clock, ttl.default),
        unseen=UnseenStore(database, clock, ttl.default),
        ttls=TtlStore(database, clock),
        runs=RunStore(database, clock, queue_limits(settings), ttl.default),
        run_lists=RunListStore(database),
        claims=ClaimStore(database, clock),
        leases=LeaseStore(database, clock),
        segments=SegmentStore(database),
        thread_streams=ThreadStreamStore(database),
        crons=CronStore(database, clock, settings.limits.max_crons),
        deliveries=DeliveryStore(database, clock),
        run_log=RunLogStore(database),
        run_events=RunEventStore(database),
        usage=UsageStore(database),
        usage_periods=UsagePeriodStore(database),
        feedback=FeedbackStore(database, clock),
    )
