"""The LangGraph Platform API: the main door, at "/" and under "/api"."""

from __future__ import annotations

from collections.abc import Container

from fastapi import APIRouter

from runline.doors.areas import enabled
from runline.doors.platform import (
    all_runs,
    assistant_graphs,
    assistant_versions,
    assistants,
    crons,
    runs,
    state,
    stateless,
    store,
    system,
    thread_stream,
    threads,
    unserved,
    upkeep,
    webhooks,
)


def router(disabled: Container[str] = ()) -> APIRouter:
    """All routes of this door but those of the disabled areas.

    They are on one level: each level more is searched anew with every request.
    """
    nouns = (system, threads, thread_stream, state, crons, all_runs, runs, stateless, store, upkeep, webhooks, unserved)
    about_assistants = (assistants, assistant_versions, assistant_graphs)
    routes = (route for noun in nouns + about_assistants for route in noun.routes.routes)
    return enabled(routes, disabled)
