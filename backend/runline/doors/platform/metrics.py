"""Prometheus text for one answer of /metrics: what the meters have counted, and gauges that are read when asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, ProcessCollector, generate_latest

from runline.model.lifecycle import RunStatus
from runline.runs.meters import Meters
from runline.storage.claims import Stranded


def render_metrics(
    meters: Meters, counts: Mapping[RunStatus, int], stranded: Iterable[Stranded], *, live: int
) -> tuple[bytes, str]:
    """The exposition and its content type: the meters, active runs by status, those executing here, the process."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    runs = Gauge("runline_runs", "Runs that have not ended, by status", ["status"], registry=registry)
    for status, count in counts.items():
        runs.labels(status).set(count)
    waits = "Runs that are due, and whose graph this process does not serve"
    strands = Gauge("runline_stranded_runs", waits, ["graph_id"], registry=registry)
    for each in stranded:
        strands.labels(each.graph_id).set(each.runs)
    Gauge("runline_live_runs", "Runs that execute in this process", registry=registry).set(live)
    return generate_latest(registry) + meters.exposition(), CONTENT_TYPE_LATEST
