"""Filter: which events a subscription is for."""

from __future__ import annotations

import pytest

from runline.doors.protocol.filters import Filter

CHILD = "child:0f|grand:1a"


def shows(name: str, *channels: str, namespaces: list[list[str]] | None = None, depth: int | None = None) -> bool:
    return Filter(frozenset(channels), tuple(map(tuple, namespaces or ())), depth).shows(name)


def test_a_channel_shows_its_own_events() -> None:
    assert shows("values", "values")
    assert not shows("values", "updates", "messages")


def test_questions_are_on_the_channel_input() -> None:
    assert shows("input.requested", "input")
    assert not shows("input.requested", "values")


def test_custom_shows_all_custom_events_and_a_named_one_its_own() -> None:
    assert shows("custom", "custom")
    assert shows("custom:a", "custom")
    assert shows("custom:a", "custom:a")
    assert not shows("custom:b", "custom:a")
    assert not shows("custom", "custom:a")


@pytest.mark.parametrize(
    ("prefix", "shown"),
    [
        ([], True),
        (["child:0f"], True),
        (["child"], True),
        (["child", "grand"], True),
        (["child:0f", "grand:1a"], True),
        (["child:00"], False),
        (["chil"], False),
        (["grand"], False),
        (["child", "grand", "deeper"], False),
    ],
)
def test_a_namespace_shows_what_is_in_it_and_below(prefix: list[str], shown: bool) -> None:
    assert shows(f"values|{CHILD}", "values", namespaces=[prefix]) is shown


def test_one_of_several_namespaces_is_enough_and_none_means_all() -> None:
    assert shows(f"values|{CHILD}", "values", namespaces=[["other"], ["child"]])
    assert shows(f"values|{CHILD}", "values")


def test_depth_counts_from_the_namespace_and_means_nothing_without_one() -> None:
    assert [shows(f"values|{CHILD}", "values", namespaces=[[]], depth=depth) for depth in (0, 1, 2)] == [
        False,
        False,
        True,
    ]
    assert shows(f"values|{CHILD}", "values", namespaces=[["child"]], depth=1)
    assert shows(f"values|{CHILD}", "values", depth=0)


def test_a_filter_forgets_names_rather_than_grow_without_end() -> None:
    wanted = Filter(frozenset({"values"}))
    assert all(wanted.shows(f"values|child:{number}") for number in range(10_000))
    assert len(wanted._known) < 5_000
