"""Every setting, with its default. Read once at start, frozen, and seen only by the CLI, `app.py` and `core.py`.

Precedence, strongest first: command-line flags, environment (`RUNLINE_SERVER__PORT=...`; `PORT`, `DATABASE_URI`,
`POSTGRES_URI`, `REDIS_URI` and `REDIS_URL` are honoured too), config.yaml, `RUNLINE_*` entries of langgraph.json's
`env`, the defaults below.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from runline.errors import ConfigError

PREFIX = "RUNLINE_"

MOST_BATCHED = 10_000
"""Runs of a batch that are looked at before it is found too long."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    """Where and how the gateway listens."""

    host: str = "127.0.0.1"
    port: int = Field(8123, ge=1, le=65535)
    allow_unauthenticated: bool = False
    cors_origins: tuple[str, ...] = ()
    heartbeat_seconds: float = Field(5.0, gt=0)
    send_timeout_seconds: float = Field(30.0, gt=0)


class GraphSettings(_Section):
    """Which graphs are served."""

    file: Path = Path("langgraph.json")
    strict: bool = False


class DatabaseSettings(_Section):
    """SQLite files in the data folder or, if there is a `uri`, PostgreSQL."""

    uri: SecretStr | None = Field(None, min_length=1)
    writers: int = Field(8, ge=1, le=256)
    checkpointers: int = Field(8, ge=1, le=256)
    synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    busy_timeout_seconds: float = Field(5.0, gt=0)
    readers: int = Field(4, ge=1, le=64)


class RedisSettings(_Section):
    """What carries streams and bells from process to process."""

    uri: SecretStr | None = Field(None, min_length=1)
    prefix: str = Field("runline", min_length=1, max_length=64, pattern=r"^[\w.:{}-]+$")
    timeout_seconds: float = Field(2.0, gt=0)
    max_events_per_run: int = Field(65_536, ge=1)
    max_unsent_bytes: int = Field(64 * 2**20, ge=2**16)


class WorkerSettings(_Section):
    """How runs are executed."""

    concurrency: int = Field(512, ge=0)
    threads: int = Field(64, ge=1)
    poll_seconds: float = Field(1.0, gt=0)
    lease_seconds: float = Field(15.0, gt=0)
    max_attempts: int = Field(3, ge=1)
    shutdown_grace_seconds: float = Field(10.0, ge=0)


class StreamSettings(_Section):
    """How long and how much of a run's events is kept for replay: in memory, and stored if it is resumable."""

    stored_retention_seconds: float = Field(86_400.0, ge=0)
    retention_seconds: float = Field(60.0, ge=0)
    max_bytes_per_run: int = Field(64 * 2**20, ge=2**16)
    max_bytes_total: int = Field(256 * 2**20, ge=2**16)


class WebhookSettings(_Section):
    """How receivers are told of the ends of runs, beside what langgraph.json says."""

    secret: SecretStr | None = Field(None, min_length=1)
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    concurrency: int = Field(32, ge=1, le=1024)
    timeout_seconds: float = Field(10.0, gt=0)
    max_attempts: int = Field(12, ge=1, le=100)
    retry_seconds: float = Field(1.0, gt=0)
    retention_seconds: float = Field(604_800.0, ge=0)


class PriceSettings(_Section):
    """What a million tokens of a model cost."""

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    cache_read: Decimal | None = Field(None, ge=0)
    cache_creation: Decimal | None = Field(None, ge=0)
    currency: str = Field("USD", pattern=r"^[A-Z]{3}$")


class InsightSettings(_Section):
    """What is kept of what happens inside runs, and what models cost."""

    max_trace_bytes: int = Field(10_240, ge=256, le=2**20)
    prices: dict[str, PriceSettings] = Field({})


class LimitSettings(_Section):
    """What a single request may ask for."""

    max_body_bytes: int = Field(16 * 2**20, ge=1024)
    max_nesting: int = Field(128, ge=8, le=900)
    max_batch: int = Field(1000, ge=1, le=MOST_BATCHED)
    max_metadata_bytes: int = Field(65_536, ge=2)
    max_item_bytes: int = Field(2**20, ge=2)
    max_item_name_bytes: int = Field(4096, ge=16)
    max_active_runs_per_thread: int = Field(1000, ge=1)
    max_active_runs: int = Field(100_000, ge=1)
    max_crons: int = Field(1000, ge=0)
    min_cron_period_seconds: float = Field(1.0, ge=1)


class LogSettings(_Section):
    """What is written to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Settings(BaseSettings):
    """All settings of one gateway process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    data_dir: Path = Path(".runline")
    server: ServerSettings = ServerSettings()
    graphs: GraphSettings = GraphSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    workers: WorkerSettings = WorkerSettings()
    streams: StreamSettings = StreamSettings()
    webhooks: WebhookSettings = WebhookSettings()
    insight: InsightSettings = InsightSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()

    @property
    def is_shared(self) -> bool:
        """Whether other gateways may use the same database: there is what carries streams between them."""
        return self.database.uri is not None and self.redis.uri is not None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class fixes this signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load_settings` merged: the order of the layers is decided there, in one place."""
        return (init_settings,)


class _EnvSource(EnvSettingsSource):
    """pydantic-settings' environment parser over any mapping, not only the process environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._environ.items()}


def load_settings(
    *,
    flags: Mapping[str, Any] | None = None,
    config_file: Path | None = None,
    environ: Mapping[str, str] | None = None,
    project_env: Mapping[str, str] | None = None,
) -> Settings:
    """Merge the layers into one frozen Settings.

    `flags` is nested like config.yaml ({"server": {"port": 9000}}); `project_env` is langgraph.json's `env`.
    Raises ConfigError with a sentence that names the setting.
    """
    environ = os.environ if environ is None else environ
    merged: dict[str, Any] = {}
    try:
        _merge(merged, _EnvSource(project_env or {})())
        _merge(merged, _read_yaml(config_file) if config_file else {})
        _merge(merged, _common_names(environ))
        _merge(merged, _EnvSource(environ)())
        _merge(merged, flags or {})
        return Settings(**merged)
    except ValidationError as exc:
        raise ConfigError(_first_problem(exc)) from exc
    except ValueError as exc:
        raise ConfigError(f"The environment cannot be read: {exc}.") from exc


def _common_names(environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings by the names that other programs know, too."""
    named = (
        ("server", "port", environ.get("PORT")),
        ("database", "uri", environ.get("DATABASE_URI") or environ.get("POSTGRES_URI")),
        ("redis", "uri", environ.get("REDIS_URI") or environ.get("REDIS_URL")),
    )
    return {section: {key: value} for section, key, value in named if value}


def _read_yaml(path: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"The config file {path} cannot be read: {exc}.") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"The config file {path} is not valid YAML: {' '.join(str(exc).split())}.") from exc
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"The config file {path} must hold a mapping of sections at its top level.")
    return content or {}


def _merge(base: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = dict(value) if isinstance(value, Mapping) else value


def _first_problem(exc: ValidationError) -> str:
    problem = exc.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"Unknown setting '{name}': config.yaml lists every setting with its default."
    return f"Setting '{name}' is wrong: {problem['msg']}."
