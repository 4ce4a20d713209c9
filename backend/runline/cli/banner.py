"""What is printed when the gateway is ready: where it listens, what it serves, what to try."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from runline import __version__
from runline.cli.port import base_url
from runline.config import Settings
from runline.databases import where_kept

if TYPE_CHECKING:
    from runline.graphs.http import HttpOptions
    from runline.graphs.registry import GraphRegistry


def print_banner(console: Console, settings: Settings, registry: GraphRegistry, http: HttpOptions) -> None:
    """Print it in one piece. The curl line is never wrapped, so that it can be pasted."""
    url = base_url(settings.server.host, settings.server.port) + http.mount_prefix
    facts = Table.grid(padding=(0, 2))
    facts.add_row(Text("API", "bold"), url)
    if not http.disable_ui:
        facts.add_row(Text("Console", "bold"), f"{url}/console/")
    facts.add_row(Text("Docs", "bold"), f"{url}/docs")
    facts.add_row(Text("Data", "bold"), where_kept(settings))
    for row, graph_id in enumerate(registry.graph_ids):
        facts.add_row(Text("" if row else "Graphs", "bold"), _describe(registry, graph_id))
    console.print(Text(f"\nRunline {__version__} is ready\n", "bold green"))
    console.print(facts)
    console.print(Text("\nTry it:\n", "bold"))
    console.print(curl_line(url, registry), style="cyan", soft_wrap=True)
    console.print()


def curl_line(url: str, registry: GraphRegistry) -> str:
    """A command that streams a run of the first graph that works."""
    healthy = [graph_id for graph_id in registry.graph_ids if graph_id not in registry.broken]
    if not healthy:
        return f"curl {url}/ok"
    message = {"role": "user", "content": "Hello"}
    body = {
        "assistant_id": healthy[0],
        "input": {"messages": [message]},
        "stream_mode": ["messages-tuple", "updates"],
    }
    return f"curl -N {url}/runs/stream -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}"


def _describe(registry: GraphRegistry, graph_id: str) -> Text:
    name = graph_id.ljust(max(map(len, registry.graph_ids)) + 2)
    if reason := registry.broken.get(graph_id):
        return Text.assemble((name, "red"), f"broken: {reason}")
    return Text.assemble((name, "green"), registry.specs[graph_id].description or "")
