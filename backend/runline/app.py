"""create_app: opens the Core in the lifespan and mounts the doors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from runline import __version__
from runline.config import Settings
from runline.core import Core, open_core
from runline.doors import platform
from runline.doors.http import BodyLimit, LastResort, WireOptions, render_errors
from runline.doors.platform.words import webhook_to_wire

_EXPOSED = ["Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next"]


def create_app(settings: Settings, *, on_open: Callable[[Core], None] | None = None) -> FastAPI:
    """The ASGI application of one gateway; `on_open` is called once it is ready to serve."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_core(settings, webhook_to_wire) as core:
            app.state.core = core
            if on_open:
                on_open(core)
            yield

    app = FastAPI(title="Runline", version=__version__, lifespan=lifespan)
    app.state.wire = _wire_options(settings)
    render_errors(app)
    # Divergence 7: the whole API stands at "/api" as well, for clients of the older prefix
    # not included but taken over, which spares each request a second search
    app.router.routes.extend(platform.router().routes)
    app.include_router(platform.router(), prefix="/api", include_in_schema=False)
    app.add_middleware(BodyLimit, max_bytes=settings.limits.max_body_bytes)
    app.add_middleware(LastResort)
    if settings.server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.server.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            # Divergence 5: browsers may read Location, which they need to reconnect
            expose_headers=_EXPOSED,
        )
    return app


def _wire_options(settings: Settings) -> WireOptions:
    return WireOptions(
        max_body_bytes=settings.limits.max_body_bytes,
        max_nesting=settings.limits.max_nesting,
        max_batch=settings.limits.max_batch,
        max_metadata_bytes=settings.limits.max_metadata_bytes,
        heartbeat_seconds=settings.server.heartbeat_seconds,
        send_timeout_seconds=settings.server.send_timeout_seconds,
    )
