"""The probes by area, and the areas that are awaited."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance.probe import Probe
from conformance.probes import assistants, cancel, config, errors, queues, resume, runs, state, stateless, streams, system, threads

_AREAS = (system, assistants, threads, state, runs, streams, queues, cancel, resume, stateless, config, errors)
AREAS: Mapping[str, tuple[Probe, ...]] = MappingProxyType(
    {module.__name__.rpartition(".")[2]: module.PROBES for module in _AREAS}
)

AWAITED: frozenset[str] = frozenset()
"""Areas that Runline does not serve in full yet. It is to become empty; an area whose probes agree may not be here."""
