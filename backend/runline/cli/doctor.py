"""`runline doctor`: everything that can keep the gateway from starting, looked at one by one."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from runline.cli.finding import Finding, Grade, judge_version
from runline.cli.graphs import import_graphs
from runline.cli.options import ConfigFlag, DataDirFlag, Flags, GraphsFlag, HostFlag, PortFlag
from runline.cli.output import new_table, open_console
from runline.cli.port import listen
from runline.cli.redis import look_at_redis
from runline.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from runline.config import ServerSettings, Settings
    from runline.graphs.project import GraphProject

FLOORS = {
    "langgraph": "1.0.10",
    "langgraph-checkpoint": "4.0.0",
    "langgraph-checkpoint-sqlite": "3.0.1",
    "langgraph-checkpoint-postgres": "3.2.0",
}
PYTHON_FLOOR = "3.11"
SQLITE_FLOOR = "3.35"  # the first with RETURNING


COLOURS = {Grade.OK: "green", Grade.WARNING: "yellow", Grade.FAILED: "red"}


def doctor(
    host: HostFlag = None,
    port: PortFlag = None,
    config: ConfigFlag = None,
    graphs: GraphsFlag = None,
    data_dir: DataDirFlag = None,
) -> None:
    """Check settings, data folder, graphs, port and versions; exit code 1 if something fails."""
    findings = [*_versions(), *_examine(Flags(host, port, config, graphs, data_dir))]
    table = new_table("check", "result", "detail")
    for finding in findings:
        table.add_row(finding.check, Text(finding.grade, COLOURS[finding.grade]), finding.detail)
    open_console().print(table)
    raise typer.Exit(1 if any(finding.grade is Grade.FAILED for finding in findings) else 0)


def _versions() -> Iterator[Finding]:
    yield judge_version("python", ".".join(map(str, sys.version_info[:3])), PYTHON_FLOOR)
    for package, floor in FLOORS.items():
        yield judge_version(package, metadata.version(package), floor)
    yield judge_version("sqlite", sqlite3.sqlite_version, SQLITE_FLOOR)


def _examine(flags: Flags) -> Iterator[Finding]:
    """Each step needs the one before it: without settings nothing else can be looked at."""
    try:
        settings = flags.load_settings()
    except ConfigError as exc:
        yield Finding("settings", Grade.FAILED, str(exc))
        return
    try:
        settings, project = flags.load()
    except ConfigError as exc:
        yield Finding("graphs file", Grade.FAILED, str(exc))
    else:
        yield Finding("graphs file", Grade.OK, str(project.file))
        yield from _odd_keys(project)
        yield from _webhooks(project)
        yield from _graphs(project)
        yield from _index(project)
        yield from _custom_app(project)
        yield _tracing(project)
    yield Finding("settings", Grade.OK, str(flags.config_file or "no config.yaml: environment and defaults"))
    yield _database(settings) if settings.database.uri else _data_folder(settings.data_dir)
    if settings.redis.uri:
        yield from look_at_redis(settings.redis)
    yield _port(settings.server)


def _webhooks(project: GraphProject) -> Iterator[Finding]:
    from runline.webhooks.rules import read_rules

    if project.webhooks is None:
        return
    try:
        read_rules(project.file, project.webhooks, {**project.env, **os.environ})
    except ConfigError as exc:
        yield Finding("webhooks", Grade.FAILED, str(exc))
    else:
        yield Finding("webhooks", Grade.OK, "the rules and headers of langgraph.json")


def _odd_keys(project: GraphProject) -> Iterator[Finding]:
    words = {
        "ignored": (project.ignored, "matters to an editor or an image build and has no effect here"),
        "unsupported": (project.unsupported, "is not supported by this version of Runline"),
        "unknown": (project.unknown, "is not a key of langgraph.json"),
    }
    for word, (keys, meaning) in words.items():
        grade = Grade.OK if word == "ignored" else Grade.WARNING
        for key in keys:
            yield Finding(f"{word} key", grade, f"'{key}' {meaning}")


def _graphs(project: GraphProject) -> Iterator[Finding]:
    registry = import_graphs(project)
    for graph_id in registry.graph_ids:
        reason = registry.broken.get(graph_id)
        yield Finding(f"graph {graph_id}", Grade.FAILED if reason else Grade.OK, reason or "imports")


def _index(project: GraphProject) -> Iterator[Finding]:
    from runline.graphs.store_index import load_index

    if spec := project.store.index:
        try:
            load_index(spec, project.folder)
        except ConfigError as exc:
            yield Finding("store index", Grade.FAILED, str(exc))
        else:
            yield Finding("store index", Grade.OK, f"{spec.embed} can be called")


def _custom_app(project: GraphProject) -> Iterator[Finding]:
    from runline.doors.custom import load_custom

    try:
        if load_custom(project):
            yield Finding("custom app", Grade.OK, "imports")
    except ConfigError as exc:
        yield Finding("custom app", Grade.FAILED, str(exc))


def _tracing(project: GraphProject) -> Finding:
    from runline.tracing.wanted import read_wanted

    try:
        place = read_wanted({**project.env, **os.environ})
    except ConfigError as exc:
        return Finding("tracing", Grade.FAILED, str(exc))
    return Finding("tracing", Grade.OK, f"on: spans go to {place}" if place else "off")


def _data_folder(data_dir: Path) -> Finding:
    """Write a file that has no name, in the folder or where the folder would be made."""
    existing = next(folder for folder in (data_dir.absolute(), *data_dir.absolute().parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as exc:
        return Finding("data folder", Grade.FAILED, f"{existing} cannot be written to: {exc.strerror or exc}")
    note = "" if existing == data_dir.absolute() else " (made at the first start)"
    return Finding("data folder", Grade.OK, f"{data_dir}{note}")


def _database(settings: Settings) -> Finding:
    from runline.databases import find_revision, where_kept

    try:
        found = find_revision(settings)
        state = f"revision {found}" if found else "no tables yet (made at the first start)"
        return Finding("database", Grade.OK, f"{where_kept(settings)}: {state}")
    except (ConfigError, Unavailable) as exc:
        return Finding("database", Grade.FAILED, str(exc))


def _port(server: ServerSettings) -> Finding:
    try:
        listen(server.host, server.port).close()
    except ConfigError as exc:
        return Finding("port", Grade.FAILED, str(exc))
    return Finding("port", Grade.OK, f"{server.port} on {server.host} is free")
