"""Checkpoints that are still on their way when their run is stopped: durability `async` saves them in the background.

langgraph hands the task that saves the rest to whoever cancels a graph, as an argument of the CancelledError.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.waiting import let_others_run, wait_until
from runline.graphs.checkpoints import RunlineSaver
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runs.agents import GATES
from runs.house import House


class SlowSaves:
    """Holds all checkpoints back until they are let through."""

    def __init__(self, saver: type[RunlineSaver], monkeypatch: pytest.MonkeyPatch) -> None:
        self.held = 0
        self._let_through = asyncio.Event()
        aput = saver.aput

        async def put_slowly(saver: RunlineSaver, *arguments: Any) -> Any:
            self.held += 1
            await self._let_through.wait()
            return await aput(saver, *arguments)

        monkeypatch.setattr(saver, "aput", put_slowly)

    async def let_through(self) -> None:
        self._let_through.set()
        await let_others_run(200)


@pytest.fixture
def slow_saves(house: House, monkeypatch: pytest.MonkeyPatch) -> SlowSaves:
    return SlowSaves(type(house.core.runs.saver), monkeypatch)


async def ready_but_for_its_saves(house: House, slow_saves: SlowSaves) -> Run:
    """A run whose graph has come to its end, and waits for its checkpoints to be saved."""
    run = await house.create(await house.thread(), "one", "visit gate")
    await wait_until(lambda: GATES["gate"].visits and slow_saves.held)
    await let_others_run(200)
    assert house.core.worker.live
    return run


async def test_nothing_is_saved_of_a_run_after_it_was_taken_back(house: House, slow_saves: SlowSaves) -> None:
    run = await ready_but_for_its_saves(house, slow_saves)
    await house.cancel(run, "rollback")
    ending = asyncio.create_task(house.end(run))
    await let_others_run(200)
    await slow_saves.let_through()
    await ending
    assert await house.status(run) is None
    assert await house.core.runs.saver.newest_of_run(run.run_id) is None
    assert await house.log(run.thread_id) == []


async def test_nothing_is_saved_of_an_interrupted_run_after_its_end_was_told(
    house: House, slow_saves: SlowSaves
) -> None:
    run = await ready_but_for_its_saves(house, slow_saves)
    await house.cancel(run)
    ending = asyncio.create_task(house.end(run))
    await let_others_run(200)
    await slow_saves.let_through()
    await ending
    assert await house.status(run) is RunStatus.INTERRUPTED
    told = (await house.get_thread(run.thread_id)).values or {}
    assert await house.log(run.thread_id) == told.get("log", [])
