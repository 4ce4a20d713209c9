"""Processes whose projects differ, as during a rollout: each run waits for one that has its graph."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from runline.model.lifecycle import RunStatus
from runline.runs.stranded import StrandedRuns
from runline.storage.tables import runs
from runs.house import GRAPHS, House, open_house

OLD = {"script": GRAPHS["script"]}
BROKEN = {**OLD, "moody": "runs.agents:nothing_of_that_name"}
IDLE = {"concurrency": 0}


@pytest.fixture
async def front(settings: dict[str, Any], tmp_path: Path) -> AsyncIterator[House]:
    """A gateway of the new project, which does not work."""
    async with open_house(tmp_path, **settings, workers=IDLE) as front:
        yield front


@pytest.mark.parametrize("graphs", [OLD, BROKEN], ids=["an older project", "a graph that cannot be imported"])
async def test_a_run_waits_for_a_worker_that_has_its_graph(
    front: House, settings: dict[str, Any], tmp_path: Path, graphs: dict[str, str]
) -> None:
    async with open_house(tmp_path, graphs, **settings) as old:
        new_run, old_run = await front.create(None, "one", graph="moody"), await front.create(None, "one")
        await old.reach(old_run, RunStatus.SUCCESS)
        assert await old.status(new_run) is RunStatus.PENDING
        async with open_house(tmp_path, **settings) as new:
            await new.reach(new_run, RunStatus.SUCCESS)


async def test_a_process_of_an_older_project_that_starts_takes_no_graph_away(
    front: House, settings: dict[str, Any], tmp_path: Path
) -> None:
    async with open_house(tmp_path, OLD, **settings):
        assert await front.status(await front.create(None, "one", graph="moody")) is RunStatus.PENDING


async def test_runs_whose_graph_a_project_has_lost_wait_until_it_is_back_or_they_are_cancelled(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    async with open_house(tmp_path, workers=IDLE, **settings) as house:
        kept, cancelled = [await house.create(None, "one", graph="moody") for _ in range(2)]
    async with open_house(tmp_path, OLD, **settings) as house:
        await house.finish(None, "one")
        await house.cancel(cancelled)
        assert await house.status(cancelled) is RunStatus.INTERRUPTED
        assert await house.status(kept) is RunStatus.PENDING
    async with open_house(tmp_path, **settings) as house:
        await house.reach(kept, RunStatus.SUCCESS)


async def test_runs_that_wait_long_for_a_graph_are_named_in_the_log_once(
    front: House, settings: dict[str, Any], tmp_path: Path, logs: list[Any]
) -> None:
    run = await front.create(None, "one", graph="moody")
    async with open_house(tmp_path, OLD, **settings) as old:
        stranded = StrandedRuns(front.core.claims, old.core.registry, front.core.runs.clock)
    # that house would have looked for itself
    await stranded.look()
    assert said(logs) == []
    long_ago = run.due_at - timedelta(minutes=2)
    waiting = update(runs).where(runs.c.run_id == run.run_id).values(due_at=long_ago)
    await front.core.claims._database.write(lambda connection: connection.execute(waiting).rowcount)
    for _ in range(2):
        await stranded.look()
    assert said(logs) == [("moody", 1, long_ago.isoformat())]


def said(logs: list[Any]) -> list[tuple[str, int, str]]:
    event = "runs wait for a graph that is not served here"
    return [(entry["graph_id"], entry["runs"], entry["since"]) for entry in logs if entry["event"] == event]
