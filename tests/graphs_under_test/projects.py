"""Projects of a test's own: a langgraph.json over the graphs of this folder, with any keys beside `graphs`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]


def write_project(folder: Path, **keys: Any) -> Path:
    """Write it and return its path."""
    graphs = {name: f"graphs_under_test.agents:{name}" for name in ("steps", "mirror")}
    file = folder / "langgraph.json"
    file.write_text(json.dumps({"dependencies": [str(TESTS)], "graphs": graphs, **keys}), encoding="utf-8")
    return file
