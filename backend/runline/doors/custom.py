"""The project's own Starlette or FastAPI app, `http.app` in langgraph.json, around the gateway's.

Observed: its middleware sees every request, its routes come before ours, and its lifespan begins first and ends last.

Divergence 31: its exception handlers answer for its own routes and for addresses that nobody knows; officially they
change the API's own refusals too. Another exception is 500; officially a ValueError is 400 and tells its text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from runline.errors import ConfigError
from runline.graphs.loading import GraphLoadError, add_import_folders, load_target
from runline.graphs.project import GraphProject
from runline.graphs.registry import apply_env
from runline.kit.json import dumps, loads

_SCHEMAS = "#/components/schemas/"


def load_custom(project: GraphProject) -> Starlette | None:
    """Import the project's app, if it has one. Raises ConfigError with a sentence."""
    if project.http.app is None:
        return None
    apply_env(project.env)
    add_import_folders(project)
    try:
        found = load_target(project.http.app, project.folder)
    except GraphLoadError as exc:
        raise ConfigError(f"'http.app' in {project.file} cannot be served: {exc}.") from exc
    if not isinstance(found, Starlette):
        raise ConfigError(
            f"'http.app' in {project.file} is of type {type(found).__name__}: name a Starlette or FastAPI app."
        )
    return found


class Around:
    """Middleware of the gateway's app: passes requests through the custom app, which passes on what is not its own.

    The custom app itself is left as it is, so that several gateways in one process can serve it.
    """

    def __init__(self, app: ASGIApp, custom: Starlette, gateway: Starlette, inner: Sequence[Middleware]) -> None:
        router = copy(custom.router)
        router.middleware_stack = router.app  # the copied one leads to the custom app's own router
        router.routes = [*_own_routes(custom), _Rest(app, gateway)]
        shell = copy(custom)
        shell.router = router
        # Starlette's own answers are plain text
        shell.exception_handlers = {**gateway.exception_handlers, **custom.exception_handlers}
        shell.user_middleware = [*custom.user_middleware, *inner]
        shell.middleware_stack = None
        self._app = shell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self._app(scope, receive, send)


def _own_routes(custom: Starlette) -> Iterator[BaseRoute]:
    """All but those that FastAPI adds by itself: the gateway's document describes both APIs."""
    added: tuple[str | None, ...] = ()
    if isinstance(custom, FastAPI):
        added = (custom.openapi_url, custom.docs_url, custom.redoc_url, custom.swagger_ui_oauth2_redirect_url)
    for route in custom.router.routes:
        if isinstance(route, APIRoute) or not isinstance(route, Route) or route.path not in added:
            yield route


class _Rest(BaseRoute):
    """The route, behind the custom ones, of all that the gateway serves."""

    def __init__(self, app: ASGIApp, gateway: Starlette) -> None:
        self._app = app
        self._gateway = gateway

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Fully where only the method is wrong, too: a custom route of the same path has another one."""
        is_known = scope["type"] in ("http", "websocket") and any(
            route.matches(scope)[0] is not Match.NONE for route in self._gateway.routes
        )
        return (Match.FULL if is_known else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as if there were no custom app."""
        await self._app({**scope, "app": self._gateway}, receive, send)


def describe_both(gateway: dict[str, Any], custom: Starlette) -> dict[str, Any]:
    """The gateway's OpenAPI document with a FastAPI app's paths before its own; names of schemas cannot clash."""
    if not isinstance(custom, FastAPI):
        return gateway
    own = _renamed(custom.openapi())
    components = dict(gateway.get("components", {}))
    for kind, entries in own.get("components", {}).items():
        components[kind] = {**components.get(kind, {}), **entries}
    paths = {path: {**gateway["paths"].get(path, {}), **operations} for path, operations in own["paths"].items()}
    return {**gateway, "paths": {**gateway["paths"], **paths}, "components": components}


def _renamed(document: dict[str, Any]) -> dict[str, Any]:
    text = dumps(document).replace(_SCHEMAS.encode(), f"{_SCHEMAS}Custom.".encode())
    renamed: dict[str, Any] = loads(text)
    if schemas := renamed.get("components", {}).get("schemas"):
        renamed["components"]["schemas"] = {f"Custom.{name}": schema for name, schema in schemas.items()}
    return renamed
