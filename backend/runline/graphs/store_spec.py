"""The `store` of langgraph.json: what is embedded and how, and how long items live.

"store": {"index": {"dims": 384, "embed": "./embed.py:embed", "fields": ["text"]},
          "ttl": {"default_ttl": 60, "refresh_on_read": true, "sweep_interval_minutes": 5}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runline.errors import ConfigError

_KEYS: Mapping[str, frozenset[str]] = {
    "index": frozenset({"dims", "embed", "fields"}),
    "ttl": frozenset({"default_ttl", "refresh_on_read", "sweep_interval_minutes"}),
}
_MOST_DIMS = 65_536
_SWEEP_MINUTES = 5.0


@dataclass(frozen=True, slots=True)
class IndexSpec:
    """`embed` is "./file.py:name", "package.module:name" or "provider:model"; `fields` are paths into values."""

    dims: int
    embed: str
    fields: tuple[str, ...] = ("$",)


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """Without an index there is no semantic search; without a default time to live, items without one stay."""

    index: IndexSpec | None = None
    default_ttl_minutes: float | None = None
    refresh_on_read: bool = True
    sweep_minutes: float = _SWEEP_MINUTES


def read_store(file: Path, entry: Any) -> StoreSpec:
    """Read the entry. Raises ConfigError with a sentence that names the key and the remedy."""
    store = _section(file, "store", entry)
    ttl = _section(file, "store.ttl", store.get("ttl"))
    return StoreSpec(
        index=_read_index(file, store.get("index")),
        default_ttl_minutes=_read_minutes(file, ttl, "default_ttl"),
        refresh_on_read=_read_flag(file, ttl, "refresh_on_read"),
        sweep_minutes=_read_minutes(file, ttl, "sweep_interval_minutes") or _SWEEP_MINUTES,
    )


def unknown_in_store(entry: Mapping[str, Any]) -> Iterator[str]:
    """The names of keys that mean nothing here."""
    for name, section in entry.items():
        if name not in _KEYS:
            yield f"store.{name}"
        else:
            yield from (f"store.{name}.{key}" for key in section or {} if key not in _KEYS[name])


def _section(file: Path, name: str, entry: Any) -> Mapping[str, Any]:
    if entry is None:
        return {}
    if not isinstance(entry, dict):
        raise ConfigError(f"'{name}' in {file} must be an object.")
    return {key: value for key, value in entry.items() if value is not None}


def _read_index(file: Path, entry: Any) -> IndexSpec | None:
    if entry is None:
        return None
    index = _section(file, "store.index", entry)
    dims, embed, fields = index.get("dims"), index.get("embed"), index.get("fields", ["$"])
    if not isinstance(dims, int) or isinstance(dims, bool) or not 0 < dims <= _MOST_DIMS:
        raise ConfigError(f"'store.index.dims' in {file} must be the length of an embedding, such as 1536.")
    if not isinstance(embed, str) or not all(embed.rpartition(":")):
        raise ConfigError(
            f'\'store.index.embed\' in {file} must be a function, "./file.py:name", or a model, "provider:model".'
        )
    if not isinstance(fields, list) or not fields or not all(isinstance(path, str) and path for path in fields):
        raise ConfigError(f"'store.index.fields' in {file} must be a list of paths, such as [\"text\"], or left out.")
    return IndexSpec(dims, embed, tuple(fields))


def _read_minutes(file: Path, ttl: Mapping[str, Any], key: str) -> float | None:
    minutes = ttl.get(key)
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float) or minutes <= 0):
        raise ConfigError(f"'store.ttl.{key}' in {file} must be a number of minutes greater than 0.")
    return minutes


def _read_flag(file: Path, ttl: Mapping[str, Any], key: str) -> bool:
    flag = ttl.get(key, True)
    if not isinstance(flag, bool):
        raise ConfigError(f"'store.ttl.{key}' in {file} must be true or false.")
    return flag
