"""`runline dev`: serve, start again when code changes, and let browser apps of any origin call, or of `http.cors`."""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import runline
from runline.cli.options import ConfigFlag, DataDirFlag, Flags, GraphsFlag, HostFlag, PortFlag, StrictFlag
from runline.cli.output import print_error
from runline.cli.serve import prepare
from runline.errors import RunlineError

if TYPE_CHECKING:
    from watchfiles import Change

    from runline.config import Settings
    from runline.graphs.project import GraphProject

GRACE_SECONDS = 1.0
"""A developer waits for the new code: runs in progress are queued again rather than waited for."""


def dev(
    host: HostFlag = None,
    port: PortFlag = None,
    config: ConfigFlag = None,
    graphs: GraphsFlag = None,
    data_dir: DataDirFlag = None,
    strict: StrictFlag = None,
) -> None:
    """Serve, and start again when code, graphs or settings change; every origin may call, or those of `http.cors`."""
    from watchfiles import run_process

    flags = Flags(host, port, config, graphs, data_dir, strict)
    settings, project = flags.load()
    listener = prepare(settings)  # held across restarts: a client waits instead of being refused
    logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it warns of every signal and every restart
    files = {path.resolve() for path in (project.file, flags.config_file) if path}
    folders = {Path(runline.__file__).parent, *project.import_folders, *(file.parent for file in files)}
    run_process(*folders, target=serve_once, args=(flags, listener), watch_filter=_code_or(files))


def serve_once(flags: Flags, listener: socket.socket) -> None:
    """The life of one child process: the settings and graphs as they are now, until the next change."""
    from runline.cli.gateway import run_gateway
    from runline.cli.logs import configure_logs

    try:
        settings, project = flags.load()
        settings = _relax(settings, project)
        configure_logs(settings.log)
        run_gateway(settings, project, listener)
    except RunlineError as exc:
        print_error(exc)
        sys.exit(1)


def _relax(settings: Settings, project: GraphProject) -> Settings:
    everybody = () if project.http.cors else ("*",)
    server = {"cors_origins": settings.server.cors_origins or everybody}
    workers = {"shutdown_grace_seconds": min(GRACE_SECONDS, settings.workers.shutdown_grace_seconds)}
    return settings.model_copy(
        update={
            "server": settings.server.model_copy(update=server),
            "workers": settings.workers.model_copy(update=workers),
        }
    )


def _code_or(files: set[Path]) -> Callable[[Change, str], bool]:
    """Python files, and exactly these others: an agent may write JSON next to its code."""
    from watchfiles import PythonFilter

    is_python = PythonFilter()
    return lambda change, path: Path(path) in files or is_python(change, path)
