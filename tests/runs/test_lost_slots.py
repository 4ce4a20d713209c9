"""A process that stands still for longer than it holds a thread: by then the thread is somebody else's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from langgraph import types
from sqlalchemy import update

from kit.waiting import wait_until
from runline.errors import SlotLost, ThreadNotFound
from runline.model.viewer import ANONYMOUS
from runline.runs.states import HistoryQuery, StateUpdate
from runline.runs.supersteps import NodeUpdate, ThreadSpec
from runline.storage.tables import threads
from runs.agents import GATES
from runs.house import House, open_house
from runs.nodes import kill

LEASE_SECONDS = 1.5
FIRST = NodeUpdate("__start__", {"script": ["later"], "log": ["first"]})
LATE = StateUpdate({"log": ["late"], "script": []}, as_node="act")


async def lose(house: House, thread_id: str) -> None:
    """As if its holder had stood still for long, so that this house takes it over."""
    past = datetime.now(UTC) - timedelta(minutes=1)
    statement = update(threads).where(threads.c.thread_id == thread_id).values(held_until=past)
    await house.core.leases._database.write(lambda connection: connection.execute(statement).rowcount)
    await house.reaper().reap()


async def test_a_state_update_that_comes_too_late_writes_nothing(still: tuple[House, House]) -> None:
    here, there = still
    thread_id = (await here.finish(await here.thread(), "one")).thread_id
    async with here.core.slots.slot(ANONYMOUS, thread_id):
        await lose(there, thread_id)
        await there.finish(thread_id, "two")
        with pytest.raises(SlotLost):
            await here.core.states._write(await here.get_thread(thread_id), LATE)
    assert await there.log(thread_id) == ["one", "two"]
    assert ((await there.get_thread(thread_id)).values or {})["log"] == ["one", "two"]


async def test_a_deletion_that_comes_too_late_spares_a_new_thread_of_the_same_id(still: tuple[House, House]) -> None:
    """The removal was finished by another process, and the id was given anew."""
    here, there = still
    run = await here.create(await here.thread(), "ignore stop", "end")
    await wait_until(lambda: GATES["stop"].visits)
    deletion = asyncio.create_task(here.core.runs.delete_thread(ANONYMOUS, run.thread_id))
    await wait_until(GATES["stop was cancelled"].opened.is_set)
    await lose(there, run.thread_id)
    with pytest.raises(ThreadNotFound):
        await there.get_thread(run.thread_id)

    await there.core.threads.create(ANONYMOUS, run.thread_id, {}, exist_ok=False)
    await there.finish(run.thread_id, "anew")
    GATES["stop"].open()
    with pytest.raises(SlotLost):
        await deletion

    assert await there.log(run.thread_id) == ["anew"]


async def test_the_removal_of_a_run_that_comes_too_late_spares_it(still: tuple[House, House]) -> None:
    here, there = still
    run = await here.finish(await here.thread(), "one")
    async with here.core.slots.slot(ANONYMOUS, run.thread_id) as slot:
        await lose(there, run.thread_id)
        await there.finish(run.thread_id, "two")
        with pytest.raises(SlotLost):
            await here.core.runs.rollback.undo_ended(run, slot.hold)
    assert await there.log(run.thread_id) == ["one", "two"]
    assert len(await there.core.runs.list_of_thread(ANONYMOUS, run.thread_id, None, 10, 0)) == 2


async def test_a_thread_that_was_half_made_by_a_process_that_died_is_removed_by_another(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    """So that whoever asks for it again, by its id, gets it."""
    workers = {"lease_seconds": LEASE_SECONDS}
    async with (
        open_house(tmp_path, **settings, workers=workers) as here,
        open_house(tmp_path, **settings, workers=workers) as there,
    ):
        unseen, seconds = here.core.thread_maker.unseen, here.core.slots.hold_seconds
        half, _ = await unseen.begin(ANONYMOUS, None, {"graph_id": "script"}, seconds, exist_ok=False)
        await here.core.states.begin(half, [[types.StateUpdate(FIRST.values, FIRST.as_node)]])
        await kill(here)
        await there.until_removed(half.thread_id)
        wanted = ThreadSpec(half.thread_id, {"graph_id": "script"}, supersteps=[[FIRST]])
        made = await there.core.thread_maker.create(ANONYMOUS, wanted)
        assert await there.log(made.thread_id) == ["first"]
        assert len(await there.core.states.history(ANONYMOUS, made.thread_id, HistoryQuery(10))) == 1
