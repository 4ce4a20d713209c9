"""A project is what langgraph.json says: which graphs there are, what they import, their environment.

Reading it imports nothing and changes nothing; `loading.py` and `registry.py` act on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from runline.errors import ConfigError
from runline.graphs.http import HttpOptions, keys_without_effect, read_http
from runline.graphs.store_spec import StoreSpec, read_store, unknown_in_store
from runline.graphs.target import is_target
from runline.graphs.thread_ttl import ThreadTtl, read_object, read_thread_ttl

SERVED_KEYS = frozenset({"graphs", "checkpointer", "dependencies", "env", "http", "store", "webhooks"})

IMAGE_KEYS = frozenset(
    {
        "$schema",
        "api_version",
        "base_image",
        "dockerfile_lines",
        "image_distro",
        "keep_pkg_tools",
        "node_version",
        "pip_config_file",
        "pip_installer",
        "python_version",
        "source",
    }
)
"""They matter to an editor or when an image is built, never when graphs are served."""

UNSUPPORTED_KEYS = frozenset({"encryption", "priority", "ui", "ui_config"})
"""They change how graphs are served, and this version does not do what they ask."""


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """One entry of `graphs`. `target` is "./file.py:name" or "package.module:name"."""

    graph_id: str
    target: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class GraphProject:
    """A langgraph.json that makes sense. The last three hold the names of keys that have no effect here.

    `webhooks` is as written: webhooks/rules.py reads it once the environment is complete.
    """

    file: Path
    graphs: Mapping[str, GraphSpec]
    dependencies: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    store: StoreSpec = field(default_factory=StoreSpec)
    http: HttpOptions = field(default_factory=HttpOptions)
    thread_ttl: ThreadTtl = field(default_factory=ThreadTtl)
    webhooks: Any = None
    ignored: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """What relative paths in the file start from."""
        return Path(os.path.abspath(self.file)).parent

    @property
    def import_folders(self) -> tuple[Path, ...]:
        """Where the graphs' imports are looked up: the file's own folder, then the local dependencies."""
        folders = (".", *(name for name in self.dependencies if _is_local(name)))
        return tuple(dict.fromkeys(Path(os.path.normpath(self.folder / name)) for name in folders))


def read_project(file: Path) -> GraphProject:
    """Read langgraph.json. Raises ConfigError with a sentence that names the entry and the remedy."""
    keys = _read_json(file)
    _refuse_promises(file, keys)
    http = read_http(file, keys.get("http", {}))
    unsupported, unknown = keys_without_effect(keys.get("http", {}))
    checkpointer = read_object(file, "checkpointer", keys.get("checkpointer", {}))
    return GraphProject(
        file=file,
        graphs=_read_graphs(file, keys.get("graphs")),
        dependencies=_read_dependencies(file, keys.get("dependencies", [])),
        env=_read_env(file, keys.get("env", {})),
        store=read_store(file, keys.get("store")),
        http=http,
        webhooks=keys.get("webhooks"),
        ignored=_keep(keys, IMAGE_KEYS),
        thread_ttl=read_thread_ttl(file, checkpointer.get("ttl")),
        unsupported=(
            *_keep(keys, UNSUPPORTED_KEYS),
            *(f"checkpointer.{key}" for key in checkpointer if key != "ttl"),
            *unsupported,
        ),
        unknown=(
            *_keep(keys, keys.keys() - SERVED_KEYS - IMAGE_KEYS - UNSUPPORTED_KEYS),
            *_unknown_in_entries(keys["graphs"]),
            *unknown_in_store(keys.get("store", {})),
            *unknown,
        ),
    )


def _refuse_promises(file: Path, keys: Mapping[str, Any]) -> None:
    """Refuse what would be harmful to leave out: who may call, and where states are kept."""
    if "auth" in keys:
        raise ConfigError(
            f"{file} asks for 'auth', which this version of Runline does not enforce, so it refuses to serve"
            " these graphs to everybody: remove the key if they need no authentication."
        )
    checkpointer = keys.get("checkpointer")
    if isinstance(checkpointer, dict) and checkpointer.get("path") is not None:
        raise ConfigError(
            f"{file} asks for 'checkpointer.path', and Runline cannot undo runs or hand them over in a checkpointer"
            " that is not its own: remove the key to have states kept in Runline's data folder."
        )


def _keep(keys: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    chosen = frozenset(wanted)
    return tuple(key for key in keys if key in chosen)


def _read_json(file: Path) -> dict[str, Any]:
    """Return the keys that say something: null is the same as leaving a key out."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"There is no {file}: create it, or name your langgraph.json with --graphs.") from None
    except json.JSONDecodeError as exc:
        raise ConfigError(f"{file} is not valid JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}.") from exc
    except (OSError, ValueError) as exc:
        raise ConfigError(f"{file} cannot be read: {exc}.") from exc
    if not isinstance(content, dict):
        raise ConfigError(f'{file} must hold an object like {{"graphs": {{"agent": "./agent.py:graph"}}}}.')
    return {key: value for key, value in content.items() if value is not None}


def _read_graphs(file: Path, entries: Any) -> dict[str, GraphSpec]:
    if not isinstance(entries, dict) or not entries:
        raise ConfigError(f'{file} names no graphs: add "graphs": {{"agent": "./agent.py:graph"}}.')
    return {graph_id: _read_graph(file, graph_id, entry) for graph_id, entry in entries.items()}


def _read_graph(file: Path, graph_id: str, entry: Any) -> GraphSpec:
    target, description = entry, None
    if isinstance(entry, dict):
        target, description = entry.get("path"), entry.get("description")
    if not graph_id or not isinstance(target, str) or not is_target(target):
        raise ConfigError(
            f"Graph '{graph_id}' in {file} has the entry {json.dumps(entry)}: write"
            ' "./file.py:name", "package.module:name" or {"path": "./file.py:name", "description": "..."}.'
        )
    if description is not None and not isinstance(description, str):
        raise ConfigError(f"The description of graph '{graph_id}' in {file} must be a text.")
    return GraphSpec(graph_id, target, description)


def _unknown_in_entries(entries: Mapping[str, Any]) -> Iterator[str]:
    for graph_id, entry in entries.items():
        if isinstance(entry, dict):
            yield from (f"graphs.{graph_id}.{key}" for key in entry if key not in ("path", "description"))


def _read_dependencies(file: Path, dependencies: Any) -> tuple[str, ...]:
    if not isinstance(dependencies, list) or not all(isinstance(name, str) for name in dependencies):
        raise ConfigError(f"'dependencies' in {file} must be a list of texts, such as [\".\"].")
    for name in dependencies:
        if _is_local(name) and not (file.parent / name).is_dir():
            raise ConfigError(f"The dependency '{name}' in {file} is not a folder: correct or remove it.")
    return tuple(dependencies)


def _is_local(dependency: str) -> bool:
    return dependency.startswith((".", "/"))


def _read_env(file: Path, env: Any) -> dict[str, str]:
    if isinstance(env, str):
        return _read_env_file(file.parent / env)
    if not isinstance(env, dict):
        raise ConfigError(f"'env' in {file} must be an object of texts or the path of a .env file.")
    for name, value in env.items():
        if not isinstance(value, str) or not name or "=" in name:
            raise ConfigError(
                f"The variable '{name}' in 'env' of {file} must have a name and a text: put its value in quotes."
            )
    return env


def _read_env_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise ConfigError(f"The env file {path} does not exist: create it or correct 'env' in langgraph.json.")
    try:
        values = dotenv_values(path)
    except (OSError, ValueError) as exc:
        raise ConfigError(f"The env file {path} cannot be read: {exc}.") from exc
    return {name: value for name, value in values.items() if value is not None}
