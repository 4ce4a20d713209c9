"""The graphs in this process with langgraph's own SQLite saver: what the gateway cannot be better than."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from bench.meter import Meter

_PAUSE = "SAMPLE_TOKEN_DELAY"
AGENTS = ("echo", "paced", "clock", "laps")
AGENT_FOLDERS = (Path(__file__).with_name("agents"), Path(__file__).parents[1] / "examples" / "agents")


def graphs_with(saver: BaseCheckpointSaver[Any]) -> dict[str, Any]:
    """The graphs of the benchmarks by their names, with a saver."""
    sys.path += [folder for folder in map(str, AGENT_FOLDERS) if folder not in sys.path]
    modules = {name: importlib.import_module(name) for name in AGENTS}
    return {name: module.graph.copy(update={"checkpointer": saver}) for name, module in modules.items()}


def fresh_config() -> RunnableConfig:
    """A thread of its own."""
    return {"configurable": {"thread_id": str(uuid4())}}


@dataclass(frozen=True)
class Alone:
    """The graphs, and what they cost this process."""

    graphs: dict[str, Any]

    def meter(self) -> Meter:
        """What work costs."""
        return Meter(time.process_time, client=False)


@contextmanager
def _without_pauses() -> Iterator[None]:
    before = os.environ.get(_PAUSE)
    os.environ[_PAUSE] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_PAUSE]
        else:
            os.environ[_PAUSE] = before


@asynccontextmanager
async def alone() -> AsyncIterator[Alone]:
    """The graphs on a fresh SQLite file, without the pauses of the samples."""
    with _without_pauses(), TemporaryDirectory(prefix="runline-bench-") as folder:
        async with AsyncSqliteSaver.from_conn_string(str(Path(folder) / "checkpoints.db")) as saver:
            yield Alone(graphs_with(saver))
