"""The areas of the API, as `http.disable_<area>` in langgraph.json names them."""

from __future__ import annotations

from collections.abc import Container, Iterable

from fastapi import APIRouter
from starlette.routing import BaseRoute, Route

_META = frozenset({"", "info", "metrics"})
_A2A = frozenset({"a2a", ".well-known"})
_RUNS = frozenset({"runs", "usage"})


def area_of(path: str) -> str:
    """The area of a route. Observed: the runs of threads are of `runs`; /ok belongs to none and is always served."""
    parts = path.strip("/").split("/")
    if parts[-1] == "webhooks":
        # the log of deliveries; runs are told of all the same, as officially
        return "webhooks"
    if not _RUNS.isdisjoint(parts):
        return "runs"
    if parts[0] in _META:
        return "meta"
    return "a2a" if parts[0] in _A2A else parts[0]


def enabled(routes: Iterable[BaseRoute], disabled: Container[str]) -> APIRouter:
    """A router of all routes but those of the disabled areas."""
    return APIRouter(routes=[route for route in routes if not _is_in(route, disabled)])


def _is_in(route: BaseRoute, disabled: Container[str]) -> bool:
    return isinstance(route, Route) and area_of(route.path) in disabled
