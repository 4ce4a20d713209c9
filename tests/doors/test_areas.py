"""Which operations `http.disable_<area>` takes away."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from runline.doors import insight, platform
from runline.doors.areas import area_of
from runline.graphs.http import AREAS


def paths(disabled: tuple[str, ...] = ()) -> set[str]:
    routes = [route for door in (platform, insight) for route in door.router(disabled).routes]
    return {route.path for route in routes if isinstance(route, Route)}


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/", "meta"),
        ("/info", "meta"),
        ("/metrics", "meta"),
        ("/assistants/{assistant_id}/graph", "assistants"),
        ("/threads/{thread_id}/state", "threads"),
        ("/threads/{thread_id}/stream", "threads"),
        ("/threads/{thread_id}/runs", "runs"),
        ("/threads/{thread_id}/runs/crons", "runs"),
        ("/threads/{thread_id}/runs/{run_id}/webhooks", "webhooks"),
        ("/threads/{thread_id}/messages", "threads"),
        ("/threads/{thread_id}/token-usage", "threads"),
        ("/threads/{thread_id}/runs/{run_id}/feedback", "runs"),
        ("/usage", "runs"),
        ("/runs/batch", "runs"),
        ("/store/items/search", "store"),
        ("/mcp/", "mcp"),
        ("/a2a/{assistant_id}", "a2a"),
        ("/.well-known/agent-card.json", "a2a"),
        ("/ok", "ok"),
        ("/ready", "ready"),
    ],
)
def test_every_path_has_an_area(path: str, area: str) -> None:
    assert area_of(path) == area


@pytest.mark.parametrize("area", ["assistants", "threads", "runs", "store", "mcp", "a2a", "meta", "webhooks"])
def test_a_disabled_area_and_only_it_is_left_out(area: str) -> None:
    left_out = paths() - paths((area,))

    assert left_out
    assert {area_of(path) for path in left_out} == {area}
    assert {path for path in paths((area,)) if area_of(path) == area} == set()


def test_a_gateway_without_any_area_still_says_how_it_is() -> None:
    assert paths(AREAS) == {"/ok", "/ready"}
