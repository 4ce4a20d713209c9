"""Turns a target of langgraph.json, "./file.py:name" or "package.module:name", into the object it names.

This runs the user's code. Whatever goes wrong there becomes one readable sentence, a GraphLoadError.

Divergence 18: a file is imported once, however many graphs it holds, and under a name that lasts. The official
server imports it once for each graph, as `__file`, and does not enter it in `sys.modules`.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

from runline.errors import RunlineError
from runline.graphs.project import GraphProject

NAMES_SHOWN = 10
DETAIL_LENGTH = 300

Wish: TypeAlias = Literal["config", "runtime"]

_PREFIX = r"(?:(?:\w+\.)*(?:Optional|Annotated)\[)?(?:\w+\.)*"
RUNTIME = re.compile(_PREFIX + r"(?:ServerRuntime|_ExecutionRuntime|_ReadRuntime)\b")
CONFIG = re.compile(_PREFIX + r"(?:RunnableConfig|[dD]ict|Mapping|MutableMapping)\b")


class GraphLoadError(RunlineError):
    """A target could not be imported or is nothing that can be served; the sentence says what to correct."""


def add_import_folders(project: GraphProject) -> None:
    """Put the project's folders at the front of `sys.path`, each once, as `python file.py` would."""
    missing = [str(folder) for folder in project.import_folders if str(folder) not in sys.path]
    sys.path[:0] = missing
    importlib.invalidate_caches()


def load_target(target: str, folder: Path) -> object:
    """Import what `target` names; a relative file starts from `folder`. Raises GraphLoadError."""
    source, _, name = target.rpartition(":")
    with _readable_errors(source, folder):
        module = _import_file(source, folder) if is_file(source) else importlib.import_module(source)
        if hasattr(module, name):
            return getattr(module, name)
    raise GraphLoadError(f"{source} has no '{name}'; {_names_in(module)}")


def is_file(source: str) -> bool:
    """Tell a file from a module, by how the source of a target is written."""
    return "/" in source or "\\" in source or source.startswith(".") or source.endswith(".py")


def _import_file(source: str, folder: Path) -> ModuleType:
    path = Path(os.path.normpath(folder / source))
    if not path.is_file():
        raise GraphLoadError(f"there is no file {path}")
    name = _module_name(path, folder)
    spec = importlib.util.spec_from_file_location(name, path)
    if path.suffix != ".py" or spec is None or spec.loader is None:
        raise GraphLoadError(f"{source} is not a Python file")
    if name in sys.modules:
        return sys.modules[name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_name(path: Path, folder: Path) -> str:
    """Name a file after its place in the project.

    Checkpoints and pickles hold the names of modules, so it must outlive a restart and a move of the whole
    project; only where it is taken, by another project in this process, the absolute path decides.
    """
    name = "runline_graph_" + re.sub(r"\W+", "_", os.path.relpath(path, folder).removesuffix(".py"))
    holder = sys.modules.get(name)
    if holder is None or holder.__file__ == str(path):
        return name
    return f"{name}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"


@contextmanager
def _readable_errors(source: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except GraphLoadError:
        raise
    except SyntaxError as exc:
        raise GraphLoadError(f"{exc.filename} is not valid Python at line {exc.lineno}: {exc.msg}") from exc
    except (Exception, SystemExit) as exc:
        raise GraphLoadError(_sentence(source, folder, exc)) from exc


def _sentence(source: str, folder: Path, exc: BaseException) -> str:
    if isinstance(exc, ModuleNotFoundError) and exc.name and f"{source}.".startswith(f"{exc.name}."):
        return f"there is no module '{exc.name}' in {folder} or the installed packages"
    detail = " ".join(f"{type(exc).__name__}: {exc}".split())[:DETAIL_LENGTH]
    if isinstance(exc, ImportError) and "relative import" in detail:
        detail += " (name the graph by its module, 'package.module:name', to use relative imports)"
    return f"importing {source} failed{_where(folder, exc)}: {detail}"


def _where(folder: Path, exc: BaseException) -> str:
    """Name the innermost line of the project's own code that was running."""
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(folder) and "site-packages" not in path.parts:
            return f" at {path.relative_to(folder)} line {frame.lineno}"
    return ""


def _names_in(module: ModuleType) -> str:
    names = [name for name, value in vars(module).items() if _is_own(module, name, value)]
    if not names:
        return "it defines nothing"
    return f"it defines {', '.join(names[:NAMES_SHOWN])}{' and more' if len(names) > NAMES_SHOWN else ''}"


def _is_own(module: ModuleType, name: str, value: object) -> bool:
    """Tell what a file defines from what it imports."""
    if name.startswith("_") or isinstance(value, ModuleType):
        return False
    return value.__module__ == module.__name__ if inspect.isclass(value) or inspect.isfunction(value) else True


def read_wishes(make: Callable[..., Any]) -> dict[str, Wish]:
    """Say what to pass a factory, by parameter name. Raises GraphLoadError where that cannot be told."""
    if inspect.isclass(make):
        raise GraphLoadError(f"{make.__name__} is a class, not a function that makes a graph")
    if inspect.isgeneratorfunction(make) or inspect.isasyncgenfunction(make):
        raise GraphLoadError("it yields: decorate it with contextlib.asynccontextmanager or contextmanager")
    parameters = _parameters(make)
    wishes = {parameter.name: _wish(parameter, len(parameters)) for parameter in parameters}
    for parameter in parameters:
        if wishes[parameter.name] is None and parameter.default is parameter.empty:
            raise GraphLoadError(
                f"its parameter '{parameter.name}' cannot be filled: a factory takes nothing, a config"
                " (annotate it as RunnableConfig), a runtime (annotate it as ServerRuntime), or both"
            )
    return {name: wish for name, wish in wishes.items() if wish}


def _wish(parameter: inspect.Parameter, count: int) -> Wish | None:
    annotation = parameter.annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    if parameter.kind is parameter.POSITIONAL_ONLY:
        return None
    if RUNTIME.match(text):
        return "runtime"
    return "config" if CONFIG.match(text) or count == 1 else None


def _parameters(make: Callable[..., Any]) -> list[inspect.Parameter]:
    try:
        signature = inspect.signature(make, eval_str=True)
    except Exception:  # an annotation that only a type checker can resolve: its text will do
        signature = inspect.signature(make)
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [parameter for parameter in signature.parameters.values() if parameter.kind not in variadic]
