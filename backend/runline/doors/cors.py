"""Which browser apps may call: those of `server.cors_origins` and of `http.cors` in langgraph.json."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from runline.errors import ConfigError
from runline.graphs.http import CorsOptions

_EXPOSED = ("Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next")


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
