"""The `runline` command. What is heavy (LangGraph, the app) is imported by the command that needs it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from runline import __version__
from runline.cli import db
from runline.cli.dev import dev
from runline.cli.doctor import doctor
from runline.cli.graphs import check_graphs, list_graphs
from runline.cli.output import print_error
from runline.cli.runs import cancel_run, list_runs, show_run
from runline.cli.serve import serve
from runline.cli.tail import tail_run
from runline.cli.usage import usage
from runline.errors import RunlineError


def main() -> None:
    """Run the command line; an error that Runline raised on purpose is one red line and exit code 1."""
    try:
        _build_app()()
    except RunlineError as exc:
        print_error(exc)
        sys.exit(1)


def _build_app() -> typer.Typer:
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback()(_runline)
    for command in (serve, dev, doctor, usage):
        app.command()(command)
    graphs = typer.Typer(no_args_is_help=True, help="Look at the graphs that langgraph.json names.")
    graphs.command("list")(list_graphs)
    graphs.command("check")(check_graphs)
    app.add_typer(graphs, name="graphs")
    tables = typer.Typer(no_args_is_help=True, help="Look at the database's tables, or upgrade them.")
    for look in (db.upgrade, db.current, db.check):
        tables.command()(look)
    app.add_typer(tables, name="db")
    runs = typer.Typer(no_args_is_help=True, help="Look at the runs of a gateway, and stop them.")
    runs.command("list")(list_runs)
    runs.command("show")(show_run)
    runs.command("tail")(tail_run)
    runs.command("cancel")(cancel_run)
    app.add_typer(runs, name="runs")
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"runline {__version__}")
        raise typer.Exit


def _runline(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A self-hosted runs gateway for LangGraph agents that speaks the LangGraph Platform API."""
