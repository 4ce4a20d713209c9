"""`webhooks` of langgraph.json: which URLs runs may name, and headers that go with every call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runline.errors import ConfigError

LONGEST_URL = 65_536

_VARIABLE = re.compile(r"\$\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset({"connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"})
_DOMAIN = r"^(\*\.)?[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Url(_Section):
    require_https: bool = True
    allowed_domains: list[Annotated[str, Field(pattern=_DOMAIN)]] | None = None
    allowed_ports: list[Annotated[int, Field(ge=1, le=65535)]] | None = None
    max_url_length: Annotated[int, Field(ge=1, le=LONGEST_URL)] = LONGEST_URL
    disable_loopback: bool = True


class _Webhooks(_Section):
    env_prefix: str = "LG_WEBHOOK_"
    url: _Url = _Url()
    headers: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """What a project says of webhooks. Domains are exact, or `*.example.com` for all below; None allows any.

    `headers` are sent with each call and shown nowhere.
    """

    require_https: bool = False
    allowed_domains: tuple[str, ...] | None = None
    allowed_ports: frozenset[int] | None = None
    max_url_length: int = LONGEST_URL
    loopback: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def read_rules(file: Path, section: Any, environ: Mapping[str, str]) -> WebhookRules:
    """Make sense of the section; without one (None) plain http is allowed, too.

    Raises ConfigError with a sentence that names the entry and the remedy, and never a header's value.
    """
    if section is None:
        return WebhookRules()
    try:
        said = _Webhooks.model_validate(section)
    except ValidationError as exc:
        problem = exc.errors()[0]
        name = ".".join(str(part) for part in ("webhooks", *problem["loc"]))
        raise ConfigError(f"'{name}' in {file} is wrong: {problem['msg']}.") from None
    domains, ports = said.url.allowed_domains, said.url.allowed_ports
    return WebhookRules(
        require_https=said.url.require_https,
        allowed_domains=None if domains is None else tuple(domain.lower() for domain in domains),
        allowed_ports=None if ports is None else frozenset(ports),
        max_url_length=said.url.max_url_length,
        loopback=not said.url.disable_loopback,
        headers={name: _header(file, said.env_prefix, name, text, environ) for name, text in said.headers.items()},
    )


def _header(file: Path, prefix: str, name: str, template: str, environ: Mapping[str, str]) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith("webhook-"):
        raise ConfigError(f"The webhook header '{name}' in {file} is not one that can be set: choose another name.")

    def value_of(variable: re.Match[str]) -> str:
        return _variable(file, prefix, variable.group(1), environ)

    if "${{" in _VARIABLE.sub("", template):
        raise ConfigError(f"The webhook header '{name}' in {file} must name its variable as ${{{{ env.NAME }}}}.")
    value = _VARIABLE.sub(value_of, template)
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        raise ConfigError(f"The webhook header '{name}' in {file} must be printable ASCII, without spaces around it.")
    return value


def _variable(file: Path, prefix: str, name: str, environ: Mapping[str, str]) -> str:
    if not name.startswith(prefix):
        raise ConfigError(f"'webhooks.headers' in {file} names the variable {name}, which must begin with '{prefix}'.")
    if name not in environ:
        raise ConfigError(f"'webhooks.headers' in {file} names the variable {name}, which is not set.")
    return environ[name]
