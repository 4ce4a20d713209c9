"""What `http` of langgraph.json may hold, and which headers a rule chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runline.errors import ConfigError
from runline.graphs.http import AREAS, HeaderRule, HttpOptions, keys_without_effect, read_http

FILE = Path("langgraph.json")


def test_nothing_said_changes_nothing() -> None:
    assert read_http(FILE, {}) == HttpOptions()
    assert HttpOptions().disabled == frozenset()


def test_null_is_the_same_as_nothing_said() -> None:
    assert read_http(FILE, {"app": None, "cors": {"max_age": None}}) == read_http(FILE, {"cors": {}})


@pytest.mark.parametrize("area", AREAS)
def test_each_area_can_be_disabled(area: str) -> None:
    assert read_http(FILE, {f"disable_{area}": True}).disabled == {area}


@pytest.mark.parametrize(("said", "prefix"), [("/agents", "/agents"), ("/a/b-c/", "/a/b-c"), ("/", ""), ("", "")])
def test_a_mount_prefix_is_a_path(said: str, prefix: str) -> None:
    assert read_http(FILE, {"mount_prefix": said}).mount_prefix == prefix


WRONG: list[tuple[Any, str]] = [
    ([], "http"),
    ("app.py:app", "http"),
    ({"app": "app.py"}, "http.app"),
    ({"app": 3}, "http.app"),
    ({"mount_prefix": "agents"}, "http.mount_prefix"),
    ({"mount_prefix": "/a//b"}, "http.mount_prefix"),
    ({"mount_prefix": "/a?b"}, "http.mount_prefix"),
    ({"mount_prefix": "/a\n"}, "http.mount_prefix"),
    ({"disable_runs": "yes"}, "http.disable_runs"),
    ({"middleware_order": "auth_last"}, "http.middleware_order"),
    ({"cors": []}, "http.cors"),
    ({"cors": {"allow_origins": "*"}}, "http.cors.allow_origins"),
    ({"cors": {"allow_origin_regex": "("}}, "http.cors.allow_origin_regex"),
    ({"cors": {"max_age": -1}}, "http.cors.max_age"),
    ({"configurable_headers": {"includes": [3]}}, "http.configurable_headers.includes.0"),
]


@pytest.mark.parametrize(("section", "name"), WRONG)
def test_a_wrong_value_is_named(section: Any, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_http(FILE, section)
    assert str(caught.value).startswith(f"'{name}' in langgraph.json is wrong: ")


def test_authentication_of_custom_routes_is_not_promised() -> None:
    with pytest.raises(ConfigError, match="authenticates nobody"):
        read_http(FILE, {"enable_custom_route_auth": True})


def test_keys_without_effect_are_told_apart() -> None:
    section = {"logging_headers": {}, "colour": 1, "cors": {"max_age": 1, "tint": 2}, "configurable_headers": None}
    assert keys_without_effect(section) == (("http.logging_headers",), ("http.colour", "http.cors.tint"))


HEADERS = [("X-One", "1"), ("x-two", "a"), ("X-Two", "b"), ("Cookie", "c=d"), ("Authorization", "Bearer secret")]


@pytest.mark.parametrize(
    ("includes", "excludes", "chosen"),
    [
        (["x-*"], [], {"x-one": "1", "x-two": "b"}),
        (["X-*"], ["X-Two"], {"x-one": "1"}),
        (["*"], ["x-*"], {"cookie": "c=d"}),
        (["authorization", "cookie"], [], {"cookie": "c=d"}),
        ([], ["x-*"], {}),
    ],
)
def test_headers_are_chosen_by_globs(includes: list[str], excludes: list[str], chosen: dict[str, str]) -> None:
    """In any case; of a header that comes twice the last counts; credentials are never chosen."""
    assert HeaderRule(includes=includes, excludes=excludes).choose(HEADERS) == chosen
