"""Importing what langgraph.json names, and the sentence when that fails."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph_sdk.runtime import ServerRuntime

from runline.graphs.loading import GraphLoadError, add_import_folders, load_target, read_wishes
from runline.graphs.project import GraphProject


@pytest.fixture(autouse=True)
def own_import_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def write(file: Path, code: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dedent(code), encoding="utf-8")


def complaint(target: str, folder: Path) -> str:
    with pytest.raises(GraphLoadError) as caught:
        load_target(target, folder)
    return str(caught.value)


def test_a_file_is_found_from_the_projects_folder(tmp_path: Path) -> None:
    write(tmp_path / "agents" / "main.py", "graph = 'the graph'")
    assert load_target("./agents/main.py:graph", tmp_path) == "the graph"
    assert load_target("agents/main.py:graph", tmp_path) == "the graph"


def test_a_module_is_found_in_the_projects_folder(tmp_path: Path) -> None:
    write(tmp_path / "found_package" / "__init__.py", "")
    write(tmp_path / "found_package" / "agent.py", "from .parts import part\ngraph = part")
    write(tmp_path / "found_package" / "parts.py", "part = 'relative'")
    add_import_folders(GraphProject(tmp_path / "langgraph.json", {}))
    assert load_target("found_package.agent:graph", tmp_path) == "relative"


def test_a_file_may_import_from_a_local_dependency(tmp_path: Path) -> None:
    write(tmp_path / "lib" / "found_in_lib.py", "value = 7")
    write(tmp_path / "needs_lib.py", "from found_in_lib import value")
    add_import_folders(GraphProject(tmp_path / "langgraph.json", {}, ("./lib",)))
    assert load_target("./needs_lib.py:value", tmp_path) == 7


def test_import_folders_come_first_and_once(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    project = GraphProject(tmp_path / "langgraph.json", {}, ("./lib",))
    before = [*sys.path]
    add_import_folders(project)
    add_import_folders(project)
    assert sys.path == [str(tmp_path), str(tmp_path / "lib"), *before]


def test_a_file_is_imported_once_for_all_its_graphs(tmp_path: Path) -> None:
    write(tmp_path / "twice.py", "first = object()\nsecond = first")
    assert load_target("./twice.py:first", tmp_path) is load_target("./sub/../twice.py:second", tmp_path)


def test_what_a_file_defines_can_be_pickled(tmp_path: Path) -> None:
    code = """
        from __future__ import annotations
        from dataclasses import dataclass
        from pydantic import BaseModel

        class Inner(BaseModel):
            numbers: list[int] = []

        @dataclass
        class State:
            inner: Inner

        value = State(Inner(numbers=[1]))
    """
    write(tmp_path / "state.py", code)
    value = load_target("./state.py:value", tmp_path)
    assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301


def test_a_module_keeps_its_name_when_the_project_moves_and_never_shares_it(tmp_path: Path) -> None:
    for place in ("one", "two"):
        write(tmp_path / place / "agents" / "moved.py", f"name = __name__\nplace = {place!r}")
    first, second = (load_target("./agents/moved.py:name", tmp_path / place) for place in ("one", "two"))
    assert first == "runline_graph_agents_moved"
    assert str(second).startswith("runline_graph_agents_moved_")
    assert load_target("./agents/moved.py:place", tmp_path / "two") == "two"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert complaint("./nothing.py:graph", tmp_path) == f"there is no file {tmp_path / 'nothing.py'}"


def test_a_file_of_another_language_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "agent.ts", "export const graph = 1")
    assert complaint("./agent.ts:graph", tmp_path) == "./agent.ts is not a Python file"


def test_a_missing_name_is_answered_with_the_names_there_are(tmp_path: Path) -> None:
    write(tmp_path / "names.py", "import os\nfrom pathlib import Path\n_hidden = graph = 1\ndef make(): ...")
    assert complaint("./names.py:grpah", tmp_path) == "./names.py has no 'grpah'; it defines graph, make"


def test_an_empty_file_defines_nothing(tmp_path: Path) -> None:
    write(tmp_path / "empty.py", "")
    assert complaint("./empty.py:graph", tmp_path) == "./empty.py has no 'graph'; it defines nothing"


def test_many_names_are_cut_short(tmp_path: Path) -> None:
    write(tmp_path / "many.py", "\n".join(f"name_{number} = 1" for number in range(20)))
    assert complaint("./many.py:graph", tmp_path).endswith("name_9 and more")


def test_a_syntax_error_is_named_by_its_line(tmp_path: Path) -> None:
    write(tmp_path / "syntax.py", "good = 1\nbad = = 1")
    assert complaint("./syntax.py:graph", tmp_path) == (
        f"{tmp_path / 'syntax.py'} is not valid Python at line 2: invalid syntax"
    )


def test_a_missing_import_is_named_with_the_line_that_wants_it(tmp_path: Path) -> None:
    write(tmp_path / "imports.py", "x = 1\nimport package_that_nobody_wrote")
    assert complaint("./imports.py:graph", tmp_path) == (
        "importing ./imports.py failed at imports.py line 2: "
        "ModuleNotFoundError: No module named 'package_that_nobody_wrote'"
    )


@pytest.mark.parametrize("module", ["package_that_nobody_wrote", "package_that_nobody_wrote.agent"])
def test_a_missing_module_is_named(tmp_path: Path, module: str) -> None:
    sentence = complaint(f"{module}:graph", tmp_path)
    assert sentence.startswith("there is no module 'package_that_nobody_wrote' in ")


@pytest.mark.parametrize(
    ("code", "detail"),
    [
        ("raise ValueError('no\\n  key')", "ValueError: no key"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyError('OPENAI_API_KEY')", "KeyError: 'OPENAI_API_KEY'"),
    ],
)
def test_whatever_a_file_raises_is_one_sentence(tmp_path: Path, code: str, detail: str) -> None:
    write(tmp_path / "raises.py", code)
    assert complaint("./raises.py:graph", tmp_path) == (f"importing ./raises.py failed at raises.py line 1: {detail}")


def test_a_relative_import_in_a_file_is_answered_with_the_remedy(tmp_path: Path) -> None:
    write(tmp_path / "relative.py", "from .parts import part")
    assert "name the graph by its module, 'package.module:name'" in complaint("./relative.py:graph", tmp_path)


def test_a_file_can_be_corrected_and_loaded_again(tmp_path: Path) -> None:
    write(tmp_path / "corrected.py", "raise ValueError")
    complaint("./corrected.py:graph", tmp_path)
    write(tmp_path / "corrected.py", "graph = 'works now'")
    assert load_target("./corrected.py:graph", tmp_path) == "works now"


def takes_nothing() -> None: ...
def takes_anything(*args: object, **kwargs: object) -> None: ...
def takes_config(config: RunnableConfig) -> None: ...
def takes_optional(conf: RunnableConfig | None = None) -> None: ...
def takes_keyword(*, settings: dict[str, Any]) -> None: ...
def takes_unannotated(whatever): ...  # type: ignore[no-untyped-def]
def takes_runtime(runtime: ServerRuntime[int]) -> None: ...
def takes_both(runtime: ServerRuntime[int], config: RunnableConfig, extra: int = 3) -> None: ...
def takes_unresolvable(server: ServerRuntime[Nowhere], conf: RunnableConfig) -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("factory", "wishes"),
    [
        (takes_nothing, {}),
        (takes_anything, {}),
        (takes_config, {"config": "config"}),
        (takes_optional, {"conf": "config"}),
        (takes_keyword, {"settings": "config"}),
        (takes_unannotated, {"whatever": "config"}),
        (takes_runtime, {"runtime": "runtime"}),
        (takes_both, {"runtime": "runtime", "config": "config"}),
        (takes_unresolvable, {"server": "runtime", "conf": "config"}),
    ],
)
def test_a_factory_says_by_its_parameters_what_it_wants(factory: Any, wishes: dict[str, str]) -> None:
    assert read_wishes(factory) == wishes


def takes_too_much(config: RunnableConfig, model: str) -> None: ...
def takes_two_unannotated(a, b): ...  # type: ignore[no-untyped-def]
def takes_by_position(config: RunnableConfig, /) -> None: ...


@pytest.mark.parametrize(
    ("factory", "parameter"),
    [(takes_too_much, "model"), (takes_two_unannotated, "a"), (takes_by_position, "config")],
)
def test_a_parameter_that_cannot_be_filled_is_named(factory: Any, parameter: str) -> None:
    with pytest.raises(GraphLoadError, match=f"its parameter '{parameter}' cannot be filled"):
        read_wishes(factory)
