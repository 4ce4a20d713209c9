"""`runline worker`: a process that executes runs and serves no API; gateways beside it do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from runline.cli.options import ConcurrencyFlag, ConfigFlag, Flags, GraphsFlag, HostFlag, StrictFlag
from runline.cli.port import listen
from runline.errors import ConfigError

if TYPE_CHECKING:
    from runline.config import Settings


def worker(
    concurrency: ConcurrencyFlag = None,
    host: HostFlag = None,
    port: Annotated[
        int | None, typer.Option("--port", help="Port for /ok, /ready and /metrics; none unless it is given.")
    ] = None,
    config: ConfigFlag = None,
    graphs: GraphsFlag = None,
    strict: StrictFlag = None,
) -> None:
    """Execute the runs that gateways on the same PostgreSQL and Redis take."""
    from runline.cli.logs import configure_logs

    flags = Flags(host=host, port=port, config=config, graphs=graphs, strict=strict, concurrency=concurrency)
    settings, project = flags.load()
    configure_logs(settings.log)
    _refuse_idleness(settings)
    listener = listen(settings.server.host, settings.server.port) if port is not None else None

    from runline.cli.gateway import run_worker

    run_worker(settings, project, listener)


def _refuse_idleness(settings: Settings) -> None:
    if not settings.is_shared:
        raise ConfigError(
            "A worker takes its runs from gateways beside it: set 'database.uri' (PostgreSQL) and 'redis.uri' to "
            "theirs, or use `runline serve`, which works by itself."
        )
    if settings.workers.concurrency == 0:
        raise ConfigError("A worker with workers.concurrency 0 would execute nothing: pass --concurrency.")
