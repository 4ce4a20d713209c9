"""Several cores over one database and one Redis, each as a process of its own would have it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kit.redis_server import RedisPlace
from kit.waiting import wait_until
from runline.config import Settings, load_settings
from runline.core import run_core
from runline.doors.platform.webhook_words import webhook_to_wire
from runline.kit.tasks import TaskSet
from runline.resources import Project, Resources, load_project, open_resources
from runline.streams.memory import KeepLimits
from runline.streams.redis_options import RedisOptions
from runline.streams.transport import open_transport
from runs.house import GRAPHS, House, fresh, place_of


@dataclass(frozen=True)
class Site:
    """What all nodes share."""

    place: RedisPlace
    flags: dict[str, Any]
    project: Project
    opened: Resources
    redis_seconds: float = 0.5

    @asynccontextmanager
    async def node(self, **workers: Any) -> AsyncIterator[House]:
        """A node, which hears all bells when it is there; leaving it shuts it down as a signal would."""
        settings = self._settings(workers)
        limits, options = KeepLimits(), RedisOptions(self.place.uri, self.place.prefix, self.redis_seconds)
        async with open_transport(limits, options) as transport, TaskSet() as tasks:
            opened = replace(self.opened, transport=transport, tasks=tasks)
            async with run_core(settings, self.project, opened, alone=False) as core:
                rings = core.redis and core.redis.rings
                await wait_until(lambda: rings and rings.connected and rings.hears("runs") and rings.hears("stop"))
                yield House(core)

    def _settings(self, workers: dict[str, Any]) -> Settings:
        return load_settings(flags={**self.flags, **fresh(workers=workers)}, environ={})


async def kill(house: House) -> None:
    """End everything of a node at once, as SIGKILL does: nothing is finished, sent or given back."""
    live = list(house.core.worker.live.values())
    await house.core.tasks.__aexit__(None, None, None)
    graphs = [run.graph_task for run in live if run.graph_task]
    for task in graphs:
        task.cancel()
    await asyncio.gather(*graphs, return_exceptions=True)
    for run in live:
        run.done.set()


@asynccontextmanager
async def open_site(folder: Path, place: RedisPlace) -> AsyncIterator[Site]:
    """A database for nodes to share."""
    file = folder / "langgraph.json"
    file.write_text(json.dumps({"graphs": GRAPHS}), encoding="utf-8")
    kept = {"database": place_of(folder).get("database", {})}
    flags = {"data_dir": str(folder / "data"), "graphs": {"file": str(file)}, **kept}
    settings = load_settings(flags=flags, environ={})
    project = load_project(settings)
    async with open_resources(settings, project, webhook_to_wire) as opened:
        yield Site(place, flags, project, opened)
