"""`checkpointer.ttl` in langgraph.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runline.errors import ConfigError
from runline.graphs.project import GraphProject, read_project
from runline.graphs.thread_ttl import ThreadTtl
from runline.model.ttl import PruneStrategy, Ttl


def project(folder: Path, checkpointer: Any) -> GraphProject:
    file = folder / "langgraph.json"
    file.write_text(json.dumps({"graphs": {"agent": "./agent.py:graph"}, "checkpointer": checkpointer}))
    return read_project(file)


@pytest.mark.parametrize("checkpointer", [None, {}, {"ttl": None}, {"ttl": {}}])
def test_without_a_default_threads_live_for_ever(tmp_path: Path, checkpointer: Any) -> None:
    assert project(tmp_path, checkpointer).thread_ttl == ThreadTtl(None, 5, 1000)


def test_everything_can_be_said(tmp_path: Path) -> None:
    entry = {"strategy": "keep_latest", "default_ttl": 0.5, "sweep_interval_minutes": 60, "sweep_limit": 10}
    read = project(tmp_path, {"ttl": entry})
    assert read.thread_ttl == ThreadTtl(Ttl(0.5, PruneStrategy.KEEP_LATEST), 60, 10)
    assert (read.unsupported, read.unknown) == ((), ())


def test_threads_are_deleted_unless_they_are_to_be_kept(tmp_path: Path) -> None:
    read = project(tmp_path, {"ttl": {"default_ttl": 43200, "sweep_limit": 10.0, "strategy": None}})
    assert read.thread_ttl == ThreadTtl(Ttl(43200, PruneStrategy.DELETE), 5, 10)


def test_other_keys_of_the_checkpointer_are_named_as_unsupported(tmp_path: Path) -> None:
    read = project(tmp_path, {"ttl": {"default_ttl": 5}, "serde": {}})
    assert read.unsupported == ("checkpointer.serde",)


@pytest.mark.parametrize(
    ("checkpointer", "name"),
    [
        ([], "'checkpointer'"),
        ("sqlite", "'checkpointer'"),
        ({"ttl": 5}, "'checkpointer.ttl'"),
        ({"ttl": [1]}, "'checkpointer.ttl'"),
        ({"ttl": {"defaultTtl": 5}}, "'checkpointer.ttl.defaultTtl'"),
        ({"ttl": {"strategy": "forget"}}, "'checkpointer.ttl.strategy'"),
        ({"ttl": {"strategy": ["delete"]}}, "'checkpointer.ttl.strategy'"),
        ({"ttl": {"default_ttl": 0}}, "'checkpointer.ttl.default_ttl'"),
        ({"ttl": {"default_ttl": "5"}}, "'checkpointer.ttl.default_ttl'"),
        ({"ttl": {"default_ttl": True}}, "'checkpointer.ttl.default_ttl'"),
        ({"ttl": {"default_ttl": 1e300}}, "'checkpointer.ttl.default_ttl'"),
        ({"ttl": {"sweep_interval_minutes": -1}}, "'checkpointer.ttl.sweep_interval_minutes'"),
        ({"ttl": {"sweep_limit": 1.5}}, "'checkpointer.ttl.sweep_limit'"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, checkpointer: Any, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        project(tmp_path, checkpointer)
