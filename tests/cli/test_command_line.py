"""What every command does: the version, help, and errors of one line."""

from __future__ import annotations

import subprocess
import sys

import runline
from cli.project import Project


def test_version_is_the_package_version(project: Project) -> None:
    result = project.run("--version")

    assert (result.returncode, result.stdout) == (0, f"runline {runline.__version__}\n")


def test_help_names_every_command(project: Project) -> None:
    result = project.run("--help")

    assert result.returncode == 0
    assert all(f" {command} " in result.stdout for command in ("serve", "dev", "doctor", "graphs", "runs", "usage"))


def test_the_command_line_alone_imports_nothing_heavy() -> None:
    program = (
        "import sys, runline.cli\n"
        "heavy = {'langgraph', 'langchain_core', 'fastapi', 'uvicorn', 'sqlalchemy', 'pydantic', 'httpx'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout == "[]\n"


def test_a_config_file_that_was_asked_for_must_exist(project: Project) -> None:
    result = project.run("serve", "--config", "elsewhere.yaml")

    assert_one_line_error(result, "The config file elsewhere.yaml cannot be read")


def test_config_yaml_is_read_when_it_is_there(project: Project) -> None:
    project.write("config.yaml", {"server": {"prot": 9000}})

    assert_one_line_error(project.run("serve"), "Unknown setting 'server.prot'")


def test_the_environment_of_langgraph_json_is_a_layer_of_the_settings(project: Project) -> None:
    project.write("langgraph.json", {"graphs": {"hello": "./agent.py:graph"}, "env": {"RUNLINE_LOG__LEVEL": "loud"}})

    assert_one_line_error(project.run("serve"), "Setting 'log.level' is wrong")


def test_serving_without_langgraph_json_says_what_is_missing(project: Project) -> None:
    (project.folder / "langgraph.json").unlink()

    assert_one_line_error(project.run("serve"), "langgraph.json")


def assert_one_line_error(result: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert result.returncode == 1
    assert sentence in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
