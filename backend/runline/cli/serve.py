"""`runline serve`: the gateway on its own."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from runline.cli.options import ConfigFlag, DataDirFlag, Flags, GraphsFlag, HostFlag, PortFlag, StrictFlag
from runline.cli.port import drop_stalled, is_loopback, listen
from runline.errors import ConfigError

if TYPE_CHECKING:
    from runline.config import ServerSettings, Settings


def serve(  # noqa: PLR0913, PLR0917 - each is a flag
    host: HostFlag = None,
    port: PortFlag = None,
    config: ConfigFlag = None,
    graphs: GraphsFlag = None,
    data_dir: DataDirFlag = None,
    strict: StrictFlag = None,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="Execute no runs: leave them to `runline worker` and other gateways.")
    ] = False,
) -> None:
    """Serve the graphs of langgraph.json."""
    flags = Flags(host, port, config, graphs, data_dir, strict, concurrency=0 if no_work else None)
    settings, project = flags.load()
    listener = prepare(settings)

    from runline.cli.gateway import run_gateway

    run_gateway(settings, project, listener)


def prepare(settings: Settings) -> socket.socket:
    """All that can refuse to start, before the slow imports."""
    from runline.cli.logs import configure_logs

    configure_logs(settings.log)
    _refuse_open_doors(settings.server)
    listener = listen(settings.server.host, settings.server.port)
    drop_stalled(listener, settings.server.send_timeout_seconds)
    return listener


def _refuse_open_doors(server: ServerSettings) -> None:
    """Nobody is asked who they are, so an address that others can reach needs the operator's word."""
    if not is_loopback(server.host) and not server.allow_unauthenticated:
        raise ConfigError(
            f"Listening on {server.host} would let anyone who can reach it run the graphs: "
            "set server.allow_unauthenticated to true in config.yaml to allow that, or use --host 127.0.0.1."
        )
