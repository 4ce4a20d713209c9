"""What langgraph.json's `http` says about how the API is served. Reading it imports nothing.

Divergence 32: what `cors` leaves out keeps its default here; officially all but GET is then forbidden to browsers.
Divergence 33: globs of headers match in any letter case; `proxy-authorization` is a credential too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from runline.errors import ConfigError
from runline.graphs.target import is_target

AREAS = ("assistants", "threads", "runs", "store", "mcp", "a2a", "meta", "ui", "webhooks")
"""The parts of the API that `disable_<area>` takes away."""

UNSUPPORTED = ("logging_headers",)
"""Keys of `http` that this version knows and does nothing with."""

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "x-api-key", "x-service-key", "x-tenant-id"})
_PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as exc:
        raise ValueError(f"it is no regular expression: {exc}") from None
    return text


def _prefix(text: str) -> str:
    bare = text.rstrip("/")
    if bare and not _PREFIX.fullmatch(bare):
        raise ValueError('write a path such as "/agents"')
    return bare


def _target(text: str) -> str:
    if not is_target(text):
        raise ValueError('write "./file.py:name" or "package.module:name"')
    return text


class CorsOptions(_Options):
    """Which browser apps may call, and what they may send and read; the words are those of CORS."""

    allow_origins: list[str] = []
    allow_methods: list[str] = ["*"]
    allow_headers: list[str] = ["*"]
    allow_credentials: bool = False
    allow_origin_regex: Annotated[str, AfterValidator(_pattern)] | None = None
    expose_headers: list[str] = []
    max_age: int = Field(600, ge=0)


class HeaderRule(_Options):
    """Which request headers a run sees in `configurable`: globs of names, in any case."""

    includes: list[str] = []
    excludes: list[str] = []

    def choose(self, headers: Iterable[tuple[str, str]]) -> dict[str, str]:
        """The chosen headers by lower-case name. Of one that comes twice the last counts; credentials never do."""
        lowered = ((name.lower(), value) for name, value in headers)
        return {name: value for name, value in lowered if self._wants(name)}

    def _wants(self, name: str) -> bool:
        return name not in _CREDENTIALS and _matches(name, self.includes) and not _matches(name, self.excludes)


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob.lower()) for glob in globs)


class HttpOptions(_Options):
    """The whole of `http`. `app` is a target like a graph's; `mount_prefix` has no slash at its end."""

    app: Annotated[str, AfterValidator(_target)] | None = None
    cors: CorsOptions | None = None
    configurable_headers: HeaderRule = HeaderRule()
    mount_prefix: Annotated[str, AfterValidator(_prefix)] = ""
    # it puts custom middleware before or after authentication, of which there is none yet
    middleware_order: Literal["auth_first", "middleware_first"] = "middleware_first"
    enable_custom_route_auth: bool = False
    disable_assistants: bool = False
    disable_threads: bool = False
    disable_runs: bool = False
    disable_store: bool = False
    disable_mcp: bool = False
    disable_a2a: bool = False
    disable_meta: bool = False
    disable_ui: bool = False
    disable_webhooks: bool = False

    @property
    def disabled(self) -> frozenset[str]:
        """The areas that are not to be served."""
        return frozenset(area for area in AREAS if getattr(self, f"disable_{area}"))


def read_http(file: Path, section: Any) -> HttpOptions:
    """Check what `http` holds. Raises ConfigError with a sentence that names the key."""
    said = _without_nulls(section)
    try:
        options = HttpOptions.model_validate(said)
    except ValidationError as exc:
        problem = exc.errors()[0]
        name = ".".join(str(part) for part in ("http", *problem["loc"]))
        raise ConfigError(f"'{name}' in {file} is wrong: {problem['msg'].removeprefix('Value error, ')}.") from exc
    if options.enable_custom_route_auth:
        raise ConfigError(
            f"{file} asks for 'http.enable_custom_route_auth', and this version of Runline authenticates nobody:"
            " remove the key if the routes of 'http.app' may be open to everybody."
        )
    return options


def _without_nulls(section: Any) -> Any:
    if not isinstance(section, dict):
        return section
    return {key: _without_nulls(value) for key, value in section.items() if value is not None}


def keys_without_effect(section: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of keys that are known but not supported, and of those that are not known, in a sound `http`."""
    inner: dict[str, type[BaseModel]] = {"http.cors": CorsOptions, "http.configurable_headers": HeaderRule}
    unknown = [f"http.{key}" for key in section if key not in HttpOptions.model_fields and key not in UNSUPPORTED]
    for place, options in inner.items():
        said = section.get(place.removeprefix("http.")) or {}
        unknown += [f"{place}.{key}" for key in said if key not in options.model_fields]
    return tuple(f"http.{key}" for key in section if key in UNSUPPORTED), tuple(unknown)
