"""Whoever crashes, stalls or comes back late: no run is lost or stuck, and what was taken over is not written to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kit.exploring import OwnLoop, explore
from runline.graphs.project import read_project
from runline.graphs.registry import GraphRegistry
from runline.storage.engine import Database
from runs.house import GRAPHS, kept_by
from runs.machine.crashes import CrashMachine
from runs.machine.process import Site
from storage.world import ASSISTANT


@pytest.fixture
def site(loop: OwnLoop, tmp_path: Path, database: Database) -> Site:
    project = tmp_path / "langgraph.json"
    project.write_text(json.dumps({"graphs": {ASSISTANT.graph_id: GRAPHS["script"]}}), encoding="utf-8")
    registry = GraphRegistry.load(read_project(project))
    return Site(loop, database, kept_by(tmp_path), registry)


@pytest.mark.timeout(0)
def test_no_sequence_of_crashes_loses_a_run_or_lets_two_write_it(site: Site) -> None:
    explore(lambda: CrashMachine(site), examples=45)
