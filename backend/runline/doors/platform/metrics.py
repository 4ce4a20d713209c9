"""Prometheus text for one answer of /metrics. Gauges are read when asked; nothing is counted on a hot path."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, ProcessCollector, generate_latest

from runline.model.lifecycle import RunStatus


def render_metrics(counts: Mapping[RunStatus, int], *, live: int) -> tuple[bytes, str]:
    """The exposition and its content type: active runs by status, runs executing here, the process itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    runs = Gauge("runline_runs", "Runs that have not ended, by status", ["status"], registry=registry)
    for status, count in counts.items():
        runs.labels(status).set(count)
    Gauge("runline_live_runs", "Runs that execute in this process", registry=registry).set(live)
    return generate_latest(registry), CONTENT_TYPE_LATEST
