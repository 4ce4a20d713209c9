"""`runline graphs list` reads langgraph.json; `runline graphs check` imports what it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.text import Text

from runline.cli.options import ConfigFlag, Flags, GraphsFlag
from runline.cli.output import new_table, open_console

if TYPE_CHECKING:
    from runline.graphs.project import GraphProject
    from runline.graphs.registry import GraphRegistry


def list_graphs(config: ConfigFlag = None, graphs: GraphsFlag = None) -> None:
    """Print the graphs' names, targets and descriptions, without importing them."""
    _, project = Flags(config=config, graphs=graphs).load()
    table = new_table("graph", "target", "description")
    for graph_id, spec in project.graphs.items():
        table.add_row(graph_id, spec.target, spec.description or "")
    open_console().print(table)


def check_graphs(config: ConfigFlag = None, graphs: GraphsFlag = None) -> None:
    """Import each graph; exit code 1 if one of them is broken."""
    _, project = Flags(config=config, graphs=graphs).load()
    registry = import_graphs(project)
    table = new_table("graph", "state", "detail")
    for graph_id in registry.graph_ids:
        reason = registry.broken.get(graph_id)
        state = Text("broken", "red") if reason else Text("works", "green")
        table.add_row(graph_id, state, reason or project.graphs[graph_id].target)
    open_console().print(table)
    raise typer.Exit(1 if registry.broken else 0)


def import_graphs(project: GraphProject) -> GraphRegistry:
    """Import every graph the way the gateway does."""
    from runline.graphs.registry import GraphRegistry

    return GraphRegistry.load(project)
