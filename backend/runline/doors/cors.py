"""Which browser apps may call: those of `server.cors_origins` and of `http.cors` in langgraph.json."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from runline.errors import ConfigError
from runline.graphs.http import CorsOptions

_EXPOSED = ("Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next")


@dataclass(frozen=True, slots=True)
class Origins:
    """Whose pages may open WebSockets, which browsers do not ask about as they do for requests."""

    named: frozenset[str]
    pattern: str | None = None

    def allow(self, headers: Mapping[str, str]) -> bool:
        """Tell by a handshake's headers: those of no browser, of the gateway's own pages, or of sites that may call."""
        origin = headers.get("origin")
        if origin is None or not self.named.isdisjoint((origin, "*")):
            return True
        by_pattern = self.pattern is not None and re.fullmatch(self.pattern, origin) is not None
        return by_pattern or urlsplit(origin).netloc == headers.get("host")


def allowed_origins(origins: Sequence[str], options: CorsOptions | None) -> Origins:
    """The origins that `cors_middleware` lets call."""
    known = options or CorsOptions()
    return Origins(frozenset((*origins, *known.allow_origins)), known.allow_origin_regex)


def cors_middleware(origins: Sequence[str], options: CorsOptions | None) -> list[Middleware]:
    """The middleware that says so, if anybody may call. Raises ConfigError."""
    if options is None and not origins:
        return []
    if options and options.allow_credentials and "*" in origins:
        raise ConfigError(
            "server.cors_origins lets every site call, and http.cors in langgraph.json lets sites use their visitors'"
            " credentials: name the origins in server.cors_origins, or leave allow_credentials out."
        )
    said = (options or CorsOptions()).model_dump()
    said["allow_origins"] = [*said["allow_origins"], *origins]
    # Divergence 5: browsers may read Location, which they need to reconnect
    said["expose_headers"] = list(dict.fromkeys((*_EXPOSED, *said["expose_headers"])))
    return [Middleware(CORSMiddleware, **said)]
