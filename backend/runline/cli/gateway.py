"""One process, a gateway or a worker: settings in, exit code out."""

from __future__ import annotations

import gc
import math
import os
import signal
import socket
import sys
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from runline.app import create_app, create_worker_app
from runline.cli.banner import print_banner, print_worker_banner
from runline.cli.output import open_console
from runline.config import Settings
from runline.core import Core
from runline.graphs.project import GraphProject
from runline.kit.threads import busy_graph_threads

KEEP_ALIVE_SECONDS = 75
"""Longer than clients keep an idle connection: the server never closes one that a client is about to use."""

LINGER_SECONDS = 2
STUCK_SECONDS = 0.5
TOGETHER_SECONDS = 0.5
"""Ctrl-C reaches a process group and its supervisor passes it on: signals this close are one request."""

_NEW_OBJECTS = 5000
"""As many make the collector look at the young ones; Python's own figure is for smaller programs."""


def run_gateway(settings: Settings, project: GraphProject, listener: socket.socket) -> None:
    """Serve on the socket until a signal. Raises ConfigError when the gateway cannot start."""

    def on_open(core: Core) -> None:
        spare_the_collector()
        print_banner(open_console(), settings, core.registry, project.http)

    _run(create_app(settings, project, on_open=on_open), settings, [listener])


def run_worker(settings: Settings, project: GraphProject, listener: socket.socket | None) -> None:
    """Work until a signal; tell of it on the socket, if there is one. Raises ConfigError when it cannot start."""

    def on_open(core: Core) -> None:
        spare_the_collector()
        print_worker_banner(open_console(), settings, core.registry, listening=listener is not None)

    _run(create_worker_app(settings, project, on_open=on_open), settings, [listener] if listener else [])


def _run(app: FastAPI, settings: Settings, listeners: list[socket.socket]) -> None:
    config = uvicorn.Config(
        app,
        loop="auto",  # uvloop where it exists
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=settings.limits.max_body_bytes,
        ws_per_message_deflate=False,  # it would double the memory of a connection
        lifespan="off",  # GatewayServer opens the app itself
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(settings.workers.shutdown_grace_seconds) + LINGER_SECONDS,
    )
    GatewayServer(app, config).run(sockets=listeners)
    if busy := busy_graph_threads(STUCK_SECONDS):
        sys.stderr.write(f"Leaving {len(busy)} threads behind that a graph keeps busy.\n")
        # Python would wait for them; all that matters is committed
        os._exit(0)


def spare_the_collector() -> None:
    """Keep the garbage collector from going through what stays for the life of the process.

    A full collection of all that was imported took 0.15 s, in which every stream stood still; and all collections
    together were a tenth of the CPU time of short runs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])


class GatewayServer(uvicorn.Server):
    """uvicorn, with the app's lifespan around it and the runs drained before the connections close.

    The lifespan is entered here and not by uvicorn so that its errors arrive as they are, not as a logged
    traceback. The first SIGINT or SIGTERM stops gracefully with exit code 0, the second one at once.
    """

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app
        self._asked_to_exit_at = math.inf

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the app, serve, close the app."""
        with self.capture_signals():
            async with self._app.router.lifespan_context(self._app):
                await super().serve(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the runs and their streams first: connections that stream would otherwise never close."""
        core: Core = self._app.state.core
        try:
            await core.drain()
        finally:
            await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Note the first signal; uvicorn would raise it again at the end, which is no exit code 0."""
        now = time.monotonic()
        if not self.should_exit:
            self.should_exit = True
            self._asked_to_exit_at = now
        elif now - self._asked_to_exit_at > TOGETHER_SECONDS:
            sys.stderr.write(f"Stopped at once by a second {signal.Signals(sig).name}.\n")
            os._exit(128 + sig)
