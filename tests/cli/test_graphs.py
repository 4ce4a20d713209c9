"""`runline graphs list` and `runline graphs check`."""

from __future__ import annotations

from cli.project import Project


def test_list_prints_names_targets_and_descriptions(project: Project) -> None:
    result = project.run("graphs", "list")

    assert result.returncode == 0
    assert result.stdout.splitlines()[1].split() == ["hello", "./agent.py:graph", "Greets"]


def test_list_imports_nothing(broken_project: Project) -> None:
    result = broken_project.run("graphs", "list")

    assert result.returncode == 0
    assert "lost" in result.stdout


def test_check_passes_when_every_graph_imports(project: Project) -> None:
    result = project.run("graphs", "check")

    assert result.returncode == 0
    assert result.stdout.splitlines()[1].split() == ["hello", "works", "./agent.py:graph"]


def test_check_names_the_broken_graph_and_its_reason(broken_project: Project) -> None:
    result = broken_project.run("graphs", "check")

    hello, lost = result.stdout.splitlines()[1:]
    assert result.returncode == 1
    assert hello.split()[:2] == ["hello", "works"]
    assert lost.split()[:2] == ["lost", "broken"]
    assert "a_module_that_is_not_there" in lost


def test_graphs_may_be_named_by_any_file(project: Project) -> None:
    (project.folder / "langgraph.json").rename(project.folder / "graphs.json")

    assert project.run("graphs", "list").returncode == 1
    assert project.run("graphs", "list", "--graphs", "graphs.json").returncode == 0
