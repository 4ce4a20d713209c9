"""The routes of all doors as a whole."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from runline.doors import insight, platform

DOORS = (platform, insight)
ROUTES = [route for door in DOORS for route in door.router().routes if isinstance(route, APIRoute)]


def calls(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    if dependant.call:
        yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{min(route.methods)} {route.path}")
def test_nothing_that_a_request_needs_is_called_in_a_thread(route: APIRoute) -> None:
    """FastAPI sends every function that is not async there and back, at the price of a database read."""
    assert [call for call in calls(route.dependant) if not inspect.iscoroutinefunction(call)] == []
