"""The applications of a gateway and of a worker: they open the Core in the lifespan; a gateway mounts the doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette

from runline import __version__
from runline.config import Settings
from runline.core import Core, open_core
from runline.doors import console, insight, platform, protocol
from runline.doors.cors import allowed_origins, cors_middleware
from runline.doors.custom import Around, describe_both, load_custom
from runline.doors.http import WireOptions, render_errors
from runline.doors.middleware import BodyLimit, LastResort
from runline.doors.platform.webhook_words import webhook_to_wire
from runline.doors.prefix import MountPrefix
from runline.doors.protocol.reader import Shared
from runline.graphs.http import HttpOptions
from runline.graphs.project import GraphProject

_META_PAGES: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None}


def create_app(
    settings: Settings, project: GraphProject | None = None, *, on_open: Callable[[Core], None] | None = None
) -> FastAPI:
    """The ASGI application of one gateway; `on_open` is called once it is ready to serve.

    `project` says how the API is served (`http` of langgraph.json). Raises ConfigError.
    """
    http = project.http if project else HttpOptions()
    custom = load_custom(project) if project else None
    pages = _META_PAGES if "meta" in http.disabled else {}
    lifespan = _lifespan(settings, custom, on_open)
    app = _Gateway(custom, title="Runline", version=__version__, lifespan=lifespan, **pages)
    _set_up(app, settings, http)
    app.state.origins = allowed_origins(settings.server.cors_origins, http.cors)
    # Divergence 7: the whole API stands at "/api" as well, for clients of the older prefix
    # not included but taken over, which spares each request a second search
    for router in _routers(http):
        app.router.routes.extend(router.routes)
        app.include_router(router, prefix="/api", include_in_schema=False)
    if "ui" not in http.disabled:
        app.router.routes.extend(console.routes())
    _add_middleware(app, settings, http, custom)
    return app


def create_worker_app(
    settings: Settings, project: GraphProject | None = None, *, on_open: Callable[[Core], None] | None = None
) -> FastAPI:
    """The ASGI application of a process that only works: its health and its metrics. Raises ConfigError.

    The custom app is not served, but lives here too: graphs may use what its lifespan opens.
    """
    custom = load_custom(project) if project else None
    app = FastAPI(
        title="Runline worker", version=__version__, lifespan=_lifespan(settings, custom, on_open), **_META_PAGES
    )
    _set_up(app, settings, HttpOptions())
    app.router.routes.extend(platform.system.routes.routes)
    app.add_middleware(LastResort)
    return app


def _lifespan(
    settings: Settings, custom: Starlette | None, on_open: Callable[[Core], None] | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if custom:
                await stack.enter_async_context(custom.router.lifespan_context(custom))
            app.state.core = core = await stack.enter_async_context(open_core(settings, webhook_to_wire))
            if on_open:
                on_open(core)
            yield

    return lifespan


def _set_up(app: FastAPI, settings: Settings, http: HttpOptions) -> None:
    """What calls find in it, and how errors are told."""
    app.state.wire = _wire_options(settings)
    app.state.headers = http.configurable_headers
    app.state.agent_events = Shared()
    render_errors(app)


def _routers(http: HttpOptions) -> list[APIRouter]:
    always = [platform.router(http.disabled), insight.router(http.disabled)]
    return always if "threads" in http.disabled else [*always, protocol.router()]


class _Gateway(FastAPI):
    """A FastAPI app whose document also describes the custom app."""

    def __init__(self, custom: Starlette | None, **options: Any) -> None:
        super().__init__(**options)
        self._custom = custom

    def openapi(self) -> dict[str, Any]:
        """The document of both."""
        own = super().openapi()
        return describe_both(own, self._custom) if self._custom else own


def _add_middleware(app: FastAPI, settings: Settings, http: HttpOptions, custom: Starlette | None) -> None:
    """Add it from the inside out."""
    app.add_middleware(BodyLimit, max_bytes=settings.limits.max_body_bytes)
    app.add_middleware(LastResort)
    cors = cors_middleware(settings.server.cors_origins, http.cors)
    if custom:
        app.add_middleware(Around, custom=custom, gateway=app, inner=cors)
        app.add_middleware(LastResort)
    else:
        app.user_middleware[:0] = cors
    if http.mount_prefix:
        app.add_middleware(MountPrefix, prefix=http.mount_prefix)


def _wire_options(settings: Settings) -> WireOptions:
    return WireOptions(
        max_body_bytes=settings.limits.max_body_bytes,
        max_nesting=settings.limits.max_nesting,
        max_batch=settings.limits.max_batch,
        max_metadata_bytes=settings.limits.max_metadata_bytes,
        heartbeat_seconds=settings.server.heartbeat_seconds,
        send_timeout_seconds=settings.server.send_timeout_seconds,
    )
