"""The `store` of langgraph.json is read, and what makes no sense is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from runline.errors import ConfigError
from runline.graphs.store_spec import IndexSpec, StoreSpec, read_store, unknown_in_store

FILE = Path("langgraph.json")
INDEX = {"dims": 4, "embed": "./embed.py:embed"}


@pytest.mark.parametrize("entry", [None, {}, {"index": None, "ttl": None}, {"ttl": {}}])
def test_a_store_without_settings_has_no_index_and_keeps_items_for_good(entry: Any) -> None:
    assert read_store(FILE, entry) == StoreSpec(None, None, True, 5.0)


def test_an_index_and_times_are_read() -> None:
    ttl = {"default_ttl": 60, "refresh_on_read": False, "sweep_interval_minutes": 0.5}
    spec = read_store(FILE, {"index": {**INDEX, "fields": ["text", "tags[*]"]}, "ttl": ttl})
    assert spec == StoreSpec(IndexSpec(4, "./embed.py:embed", ("text", "tags[*]")), 60, False, 0.5)
    assert read_store(FILE, {"index": INDEX}).index == IndexSpec(4, "./embed.py:embed", ("$",))


@pytest.mark.parametrize(
    ("place", "entry"),
    [
        ("store", []),
        ("store.index", {"index": "colours"}),
        ("store.index.dims", {"index": {"embed": "a:b"}}),
        ("store.index.dims", {"index": {**INDEX, "dims": 0}}),
        ("store.index.dims", {"index": {**INDEX, "dims": True}}),
        ("store.index.dims", {"index": {**INDEX, "dims": "4"}}),
        ("store.index.embed", {"index": {"dims": 4}}),
        ("store.index.embed", {"index": {**INDEX, "embed": "embed"}}),
        ("store.index.embed", {"index": {**INDEX, "embed": "./embed.py:"}}),
        ("store.index.fields", {"index": {**INDEX, "fields": "text"}}),
        ("store.index.fields", {"index": {**INDEX, "fields": []}}),
        ("store.index.fields", {"index": {**INDEX, "fields": [""]}}),
        ("store.ttl", {"ttl": 5}),
        ("store.ttl.default_ttl", {"ttl": {"default_ttl": 0}}),
        ("store.ttl.default_ttl", {"ttl": {"default_ttl": "5"}}),
        ("store.ttl.sweep_interval_minutes", {"ttl": {"sweep_interval_minutes": -1}}),
        ("store.ttl.refresh_on_read", {"ttl": {"refresh_on_read": "no"}}),
    ],
)
def test_what_makes_no_sense_is_named(place: str, entry: Any) -> None:
    with pytest.raises(ConfigError, match=f"^'{re.escape(place)}' in langgraph.json must be "):
        read_store(FILE, entry)


def test_keys_that_mean_nothing_are_named() -> None:
    entry = {"index": {**INDEX, "colour": 1}, "ttl": None, "ttls": {}}
    assert list(unknown_in_store(entry)) == ["store.index.colour", "store.ttls"]
