"""Who may call from a browser: what the settings and langgraph.json say, together."""

from __future__ import annotations

from typing import Any

import pytest

from runline.doors.cors import allowed_origins, cors_middleware
from runline.errors import ConfigError
from runline.graphs.http import CorsOptions

NEEDED = ["Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next"]


def said(origins: tuple[str, ...], options: CorsOptions | None) -> Any:
    (middleware,) = cors_middleware(origins, options)
    return middleware.kwargs


def test_nobody_may_call_unless_it_is_said() -> None:
    assert cors_middleware((), None) == []


def test_the_origins_of_both_may_call() -> None:
    assert said(("https://a",), CorsOptions(allow_origins=["https://b"]))["allow_origins"] == ["https://b", "https://a"]


def test_settings_for_every_site_and_a_project_with_credentials_are_not_put_together() -> None:
    """Each is sound by itself; together they would let every site act as its visitors."""
    with pytest.raises(ConfigError, match=r"name the origins in server\.cors_origins"):
        cors_middleware(("*",), CorsOptions(allow_origins=["https://a"], allow_credentials=True))


@pytest.mark.parametrize(("more", "exposed"), [([], NEEDED), (["X-Own"], [*NEEDED, "X-Own"]), (["Location"], NEEDED)])
def test_what_clients_need_stays_readable(more: list[str], exposed: list[str]) -> None:
    assert said((), CorsOptions(expose_headers=more))["expose_headers"] == exposed


def test_every_option_is_passed_on() -> None:
    options = CorsOptions(
        allow_methods=["GET"],
        allow_headers=["X-A"],
        allow_credentials=True,
        allow_origin_regex="https://.*",
        max_age=5,
    )
    passed = said((), options)
    assert {name: passed[name] for name in ("allow_methods", "allow_headers", "allow_credentials")} == {
        "allow_methods": ["GET"],
        "allow_headers": ["X-A"],
        "allow_credentials": True,
    }
    assert (passed["allow_origin_regex"], passed["max_age"]) == ("https://.*", 5)


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://here.test:8123", True),
        ("http://named.test", True),
        ("https://any.friends.test", True),
        ("http://here.test", False),
        ("http://stranger.test", False),
        ("null", False),
    ],
)
def test_web_sockets_are_for_no_browser_own_pages_and_sites_that_may_call(origin: str | None, allowed: bool) -> None:
    options = CorsOptions(allow_origins=["http://named.test"], allow_origin_regex=r"https://.*\.friends\.test")
    headers = {"host": "here.test:8123", **({"origin": origin} if origin else {})}
    assert allowed_origins([], options).allow(headers) is allowed


def test_a_star_lets_every_page_open_web_sockets() -> None:
    assert allowed_origins(["*"], None).allow({"host": "here.test", "origin": "http://stranger.test"})
