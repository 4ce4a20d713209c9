"""The projects that commands are run in."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.project import AGENT, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """One graph that works, named `hello`."""
    made = Project(tmp_path)
    made.write("agent.py", AGENT)
    made.write("langgraph.json", {"graphs": {"hello": {"path": "./agent.py:graph", "description": "Greets"}}})
    return made


@pytest.fixture
def broken_project(project: Project) -> Project:
    """A graph that works, and `lost`, which imports what is not there."""
    project.write("lost.py", "import a_module_that_is_not_there\n")
    project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph", "lost": "./lost.py:graph"}})
    return project
