"""The probes by area."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance.probe import Probe
from conformance.probes import (
    assistants,
    cancel,
    config,
    crons,
    errors,
    extras,
    feeds,
    protocol,
    queues,
    resume,
    runs,
    state,
    stateless,
    store,
    streams,
    system,
    threads,
    versions,
    webhooks,
)

AREAS: Mapping[str, tuple[Probe, ...]] = MappingProxyType(
    {
        "system": system.PROBES,
        "assistants": assistants.PROBES,
        "versions": versions.PROBES,
        "threads": threads.PROBES,
        "extras": extras.PROBES,
        "state": state.PROBES,
        "runs": runs.PROBES,
        "streams": streams.PROBES,
        "feeds": feeds.PROBES,
        "protocol": protocol.PROBES,
        "queues": queues.PROBES,
        "cancel": cancel.PROBES,
        "resume": resume.PROBES,
        "stateless": stateless.PROBES,
        "config": config.PROBES,
        "store": store.PROBES,
        "crons": crons.PROBES,
        "webhooks": webhooks.PROBES,
        "errors": errors.PROBES,
    }
)
