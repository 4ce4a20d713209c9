"""Reading langgraph.json: what it may hold, and the sentence when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runline.errors import ConfigError
from runline.graphs.project import GraphSpec, read_project

GRAPHS = {"agent": "./agent.py:graph"}


def write_project(folder: Path, **keys: Any) -> Path:
    file = folder / "langgraph.json"
    file.write_text(json.dumps({"graphs": GRAPHS, **keys}), encoding="utf-8")
    return file


def complaint(file: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_project(file)
    return str(caught.value)


def test_a_graph_is_named_by_a_file_a_module_or_an_object(tmp_path: Path) -> None:
    long = {"path": "./agent.py:make", "description": "Answers."}
    project = read_project(
        write_project(tmp_path, graphs={"a": "./agent.py:graph", "b": "pack.agent:graph", "c": long})
    )
    assert project.graphs == {
        "a": GraphSpec("a", "./agent.py:graph"),
        "b": GraphSpec("b", "pack.agent:graph"),
        "c": GraphSpec("c", "./agent.py:make", "Answers."),
    }


def test_only_graphs_is_required(tmp_path: Path) -> None:
    project = read_project(write_project(tmp_path, env=None, dependencies=None, auth=None))
    assert (project.env, project.dependencies) == ({}, ())
    assert (project.ignored, project.unsupported, project.unknown) == ((), (), ())


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    assert complaint(tmp_path / "langgraph.json").startswith(f"There is no {tmp_path / 'langgraph.json'}: ")


def test_bad_json_is_named_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "langgraph.json"
    file.write_text('{\n "graphs": {,}\n}')
    assert "is not valid JSON: " in complaint(file)
    assert "at line 2, column 13" in complaint(file)


def test_a_file_that_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "langgraph.json"
    file.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in complaint(file)


def test_a_file_that_is_not_an_object_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "langgraph.json"
    file.write_text("[]")
    assert "must hold an object" in complaint(file)


@pytest.mark.parametrize("graphs", [None, {}, [], "./agent.py:graph"])
def test_a_project_without_graphs_is_refused(tmp_path: Path, graphs: object) -> None:
    assert 'add "graphs": {"agent": "./agent.py:graph"}' in complaint(write_project(tmp_path, graphs=graphs))


@pytest.mark.parametrize(
    "entry",
    ["./agent.py", ":graph", "./agent.py:", "./agent.py:a graph", 3, None, {"description": "no path"}],
)
def test_a_malformed_entry_is_named(tmp_path: Path, entry: object) -> None:
    sentence = complaint(write_project(tmp_path, graphs={"good": "./a.py:g", "bad": entry}))
    assert sentence.startswith("Graph 'bad' in ")
    assert '"./file.py:name"' in sentence


def test_a_description_is_a_text(tmp_path: Path) -> None:
    entry = {"path": "./agent.py:graph", "description": 3}
    assert "description of graph 'agent'" in complaint(write_project(tmp_path, graphs={"agent": entry}))


def test_env_is_an_object_of_texts(tmp_path: Path) -> None:
    assert read_project(write_project(tmp_path, env={"A": "1", "B": ""})).env == {"A": "1", "B": ""}


@pytest.mark.parametrize("env", [{"A": 1}, {"A": None}, {"": "x"}, {"A=B": "x"}, 3, ["A"]])
def test_other_env_is_refused(tmp_path: Path, env: object) -> None:
    assert "'env'" in complaint(write_project(tmp_path, env=env))


def test_env_may_be_the_path_of_an_env_file(tmp_path: Path) -> None:
    lines = ["# a comment", "A=plain # why", "export B='single # quoted'", 'C="two\\nlines"', "EMPTY=", "BARE"]
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / ".env").write_text("\n".join(lines))
    assert read_project(write_project(tmp_path, env="./conf/.env")).env == {
        "A": "plain",
        "B": "single # quoted",
        "C": "two\nlines",
        "EMPTY": "",
    }


def test_a_missing_env_file_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "no.env") in complaint(write_project(tmp_path, env="no.env"))


def test_an_env_file_that_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe")
    assert "cannot be read" in complaint(write_project(tmp_path, env=".env"))


def test_local_dependencies_are_import_folders_and_packages_are_not(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    project = read_project(write_project(tmp_path, dependencies=["langchain-openai", ".", "./lib"]))
    assert project.dependencies == ("langchain-openai", ".", "./lib")
    assert project.import_folders == (tmp_path, tmp_path / "lib")


def test_the_projects_own_folder_is_always_an_import_folder(tmp_path: Path) -> None:
    assert read_project(write_project(tmp_path)).import_folders == (tmp_path,)


@pytest.mark.parametrize("dependencies", ["./lib", [3], ["./missing"]])
def test_other_dependencies_are_refused(tmp_path: Path, dependencies: object) -> None:
    assert "dependenc" in complaint(write_project(tmp_path, dependencies=dependencies))


def test_relative_paths_start_from_the_file_wherever_the_process_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert read_project(Path("../langgraph.json")).folder == tmp_path


def test_a_project_with_auth_is_not_served_without_it(tmp_path: Path) -> None:
    sentence = complaint(write_project(tmp_path, auth={"path": "./auth.py:auth"}))
    assert "'auth'" in sentence
    assert "remove the key" in sentence


def test_keys_without_effect_are_told_apart(tmp_path: Path) -> None:
    entry = {"path": "./agent.py:graph", "colour": "red"}
    project = read_project(
        write_project(
            tmp_path,
            graphs={"agent": entry},
            python_version="3.12",
            dockerfile_lines=[],
            encryption={},
            http={"logging_headers": {}, "colour": "red"},
            grahps={},
        )
    )
    assert project.ignored == ("python_version", "dockerfile_lines")
    assert project.unsupported == ("encryption", "http.logging_headers")
    assert project.unknown == ("grahps", "graphs.agent.colour", "http.colour")


def test_http_is_read(tmp_path: Path) -> None:
    assert read_project(write_project(tmp_path, http={"mount_prefix": "/agents"})).http.mount_prefix == "/agents"


def test_a_checkpointer_of_ones_own_is_refused(tmp_path: Path) -> None:
    """Undoing a run and fencing off a dead worker need to know which run wrote what."""
    sentence = complaint(write_project(tmp_path, checkpointer={"path": "./saver.py:make"}))
    assert "'checkpointer.path'" in sentence
    assert "remove the key" in sentence
