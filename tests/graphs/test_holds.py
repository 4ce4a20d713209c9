"""RunlineSaver: what is written outside of runs is written on behalf of who holds the thread's slot, and fenced so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from langgraph.checkpoint.base import empty_checkpoint

from kit.savers import everything
from runline.errors import SlotLost
from runline.graphs.checkpoints import RunlineSaver
from runline.kit.ids import new_id
from runs.lineage import THREAD, Lineage

Write = Callable[[RunlineSaver], Awaitable[object]]


async def update(saver: RunlineSaver, values: str = "by hand", thread_id: str = THREAD) -> None:
    """As ThreadStates does it."""
    lineage = Lineage(saver)
    async with saver.updated(thread_id):
        await lineage.graph.aupdate_state(
            {"configurable": {"thread_id": thread_id}}, {"log": [values]}, as_node="first"
        )


async def put(saver: RunlineSaver) -> None:
    config = {"thread_id": THREAD, "checkpoint_ns": ""}
    await saver.aput({"configurable": config}, empty_checkpoint(), {}, {})


async def write(saver: RunlineSaver) -> None:
    config = {"thread_id": THREAD, "checkpoint_ns": "", "checkpoint_id": "1"}
    await saver.aput_writes({"configurable": config}, [("log", "late")], "task")


async def write_at_last(saver: RunlineSaver) -> None:
    """What an update leaves to be saved when it is over."""
    async with saver.updated(THREAD):
        await write(saver)


WRITES: dict[str, Write] = {
    "an update": update,
    "a checkpoint": put,
    "a write": write,
    "what is left of an update": write_at_last,
    "a deletion": lambda saver: saver.adelete_thread(THREAD),
    "a pruning": lambda saver: saver.aprune([THREAD]),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
async def test_nothing_is_written_or_deleted_on_behalf_of_a_hold_that_was_taken_over(
    saver: RunlineSaver, act: Write
) -> None:
    await Lineage(saver).reach("question two")
    mine = new_id()
    with saver.held(THREAD, mine):
        await update(saver, "in time")
        await saver.fence_hold(mine)
        before = await everything(saver)
        with pytest.raises(SlotLost):
            await act(saver)
    assert await everything(saver) == before


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES)
async def test_others_write_on(saver: RunlineSaver, act: Write) -> None:
    """The next holder, and those of other threads."""
    await Lineage(saver).reach("question two")
    await saver.fence_hold(new_id())
    with saver.held(THREAD, new_id()), saver.held("other", new_id()):
        await act(saver)


async def test_a_run_writes_on_beside_a_hold_that_was_taken_over(saver: RunlineSaver) -> None:
    """A thread is deleted beside its run, which has a fence of its own."""
    lineage = Lineage(saver)
    mine = new_id()
    with saver.held(THREAD, mine):
        await saver.fence_hold(mine)
        await lineage.reach("question two")
    assert (await everything(saver))["checkpoints"]
