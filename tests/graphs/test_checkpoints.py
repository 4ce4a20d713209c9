"""RunlineSaver: conformance, copies, pruning, fencing, and what a cancel may not do. Rollback: runs/test_undoing.py."""

from __future__ import annotations

import asyncio
import operator
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.channels.delta import DeltaChannel
from langgraph.checkpoint.base import CheckpointMetadata, empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.conformance.capabilities import Capability
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from kit.leaks import nothing_leaks
from kit.savers import SaverOpener
from runline.graphs.checkpoints import RunlineSaver, StaleAttempt
from runline.graphs.registry import AnyGraph
from runline.graphs.sqlite_checkpoints import open_sqlite_saver
from runs.lineage import THREAD, Lineage


def config(thread_id: str = THREAD, **more: Any) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", **more}}


@pytest.mark.parametrize("capability", Capability, ids=lambda capability: capability.value)
async def test_the_saver_conforms(open_saver: SaverOpener, capability: Capability) -> None:
    @checkpointer_test("RunlineSaver")
    async def registered() -> AsyncIterator[RunlineSaver]:
        async with open_saver() as saver:
            yield saver

    async with nothing_leaks():
        result = (await validate(registered, capabilities={capability.value})).results[capability.value]
    assert result.failures == []
    assert (result.detected, result.passed, result.tests_skipped) == (True, True, 0)
    assert result.tests_passed > 0


async def values(graph: AnyGraph, thread_id: str = THREAD) -> Any:
    state = await graph.aget_state(config(thread_id))
    return state.values, state.next, [task.interrupts for task in state.tasks]


@pytest.mark.parametrize("place", ["question one", "question three", "question inside", "the end", "a cancel"])
async def test_a_copy_reads_as_its_source_and_outlives_the_runs_it_was_made_of(saver: RunlineSaver, place: str) -> None:
    lineage = Lineage(saver)
    runs = await lineage.reach(place)
    expected = await values(lineage.graph)
    await saver.acopy_thread(THREAD, "copy")
    await saver.adelete_for_runs(runs)
    assert await values(lineage.graph, "copy") == expected
    assert await values(lineage.graph) == ({}, (), [])


async def test_a_copy_goes_on_by_itself(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question two")
    source = await values(lineage.graph)
    await saver.acopy_thread(THREAD, "copy")
    await lineage.graph.ainvoke(Command(resume="yes"), config("copy", run_id="run"))
    assert await values(lineage.graph) == source
    assert (await values(lineage.graph, "copy"))[2] != source[2]


async def test_deleting_a_thread_spares_the_others(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question two")
    await saver.acopy_thread(THREAD, "copy")
    expected = await values(lineage.graph)
    await saver.adelete_thread(THREAD)
    assert all(row[0] == "copy" or row[1] == "copy" for rows in (await lineage.stored()).values() for row in rows)
    assert await values(lineage.graph, "copy") == expected


@pytest.mark.parametrize("place", ["question one", "question three", "question inside", "the end", "a cancel"])
async def test_a_pruned_thread_reads_as_before_and_goes_on(saver: RunlineSaver, place: str) -> None:
    lineage = Lineage(saver)
    await lineage.reach(place)
    await saver.acopy_thread(THREAD, "whole")
    await saver.aprune([THREAD])
    assert await values(lineage.graph) == await values(lineage.graph, "whole")
    checkpoints = [row for row in (await lineage.stored())["checkpoints"] if row[0] == THREAD]
    assert len(checkpoints) == len({namespace for _, namespace, *_ in checkpoints})
    lineage.behaviour = "well"
    for thread_id in (THREAD, "whole"):
        await lineage.graph.ainvoke(Command(resume="yes", update={"log": ["on"]}), config(thread_id))
    assert (await values(lineage.graph))[0] == (await values(lineage.graph, "whole"))[0]


def fold(state: list[int] | None, writes: Sequence[list[int]]) -> list[int]:
    return [*(state or []), *(item for write in writes for item in write)]


class DeltaState(TypedDict, total=False):
    numbers: Annotated[list[int], DeltaChannel(fold, list, snapshot_frequency=3)]
    plain: Annotated[list[int], operator.add]


def delta_graph(saver: RunlineSaver) -> AnyGraph:
    """Two steps for each run, the second of which may ask."""
    builder = StateGraph(DeltaState)
    builder.add_node("one", lambda state: {"numbers": [len(state["numbers"])], "plain": [1]})
    builder.add_node("two", lambda state: {"numbers": [interrupt("go on?")] if len(state["numbers"]) % 5 == 0 else []})
    builder.add_edge(START, "one")
    builder.add_edge("one", "two")
    return builder.compile(checkpointer=saver)


@pytest.mark.parametrize("runs", range(1, 9))
async def test_pruning_keeps_what_a_delta_channel_is_rebuilt_from(saver: RunlineSaver, runs: int) -> None:
    graph = delta_graph(saver)
    for number in range(runs):
        asked = (await graph.aget_state(config())).interrupts
        given: Any = Command(resume=-1) if asked else {"numbers": [100 + number], "plain": [number]}
        await graph.ainvoke(given, config(run_id=str(number)))
    expected = await values(graph)
    assert expected[0]["numbers"]
    await saver.acopy_thread(THREAD, "whole")
    before = await count(saver)
    await saver.aprune([THREAD])
    assert await values(graph) == expected == await values(graph, "whole")
    assert await count(saver) <= before
    for thread_id in (THREAD, "whole"):
        await graph.ainvoke({"numbers": [7], "plain": [7]}, config(thread_id))
    assert (await values(graph))[0] == (await values(graph, "whole"))[0]


async def test_pruning_thins_a_thread_out_beyond_the_last_snapshot_of_a_delta_channel(saver: RunlineSaver) -> None:
    graph = delta_graph(saver)
    for number in range(12):
        given: Any = Command(resume=-1) if (await graph.aget_state(config())).interrupts else {"numbers": [number]}
        await graph.ainvoke(given, config())
    before, expected = await count(saver), await values(graph)
    await saver.aprune([THREAD])
    assert await values(graph) == expected
    assert await count(saver) < before / 2


async def count(saver: RunlineSaver) -> int:
    return len([found async for found in saver.alist(config())])


async def test_pruning_everything_leaves_nothing(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    await lineage.reach("question three")
    await saver.aprune([THREAD], strategy="delete")
    assert not any((await lineage.stored()).values())


async def put(saver: RunlineSaver, attempt: int | None, run_id: str | None = "run") -> None:
    """Save a checkpoint and a write on it on behalf of an attempt."""
    owner = {"run_id": run_id} if run_id else {}
    given = config(**owner) | {"metadata": {"run_attempt": attempt} if attempt else {}}
    saved = await saver.aput(given, empty_checkpoint(), CheckpointMetadata(source="loop", step=1), {})
    named = given["configurable"] | saved["configurable"]
    await saver.aput_writes({**given, "configurable": named}, [("log", 1)], "task")


async def test_an_attempt_that_was_superseded_writes_no_more(saver: RunlineSaver) -> None:
    await put(saver, attempt=1)
    await saver.fence("run", 2)
    before = await Lineage(saver).stored()
    with pytest.raises(StaleAttempt, match="Attempt 1 of run run has been superseded and may write no more"):
        await put(saver, attempt=1)
    saved = await saver.aget_tuple(config())
    assert saved
    stale = config(run_id="run", **saved.config["configurable"]) | {"metadata": {"run_attempt": 1}}
    with pytest.raises(StaleAttempt):
        await saver.aput_writes(stale, [("log", 2)], "other task")
    assert await Lineage(saver).stored() == before


async def test_nor_does_it_give_its_command_as_it_is_cut_off(saver: RunlineSaver) -> None:
    await put(saver, attempt=1)
    saved = await saver.aget_tuple(config())
    assert saved
    given = config(run_id="run", **saved.config["configurable"]) | {"metadata": {"run_attempt": 1}}
    before = await Lineage(saver).stored()

    async def command() -> None:
        async with saver.commanded("run", 1):
            await saver.aput_writes(given, [("__resume__", "yes")], str(UUID(int=0)))
            await saver.fence("run", 2)
            raise asyncio.CancelledError

    with pytest.raises(StaleAttempt):
        await command()
    assert await Lineage(saver).stored() == before


async def test_a_fence_hinders_nobody_else_and_never_moves_back(saver: RunlineSaver) -> None:
    await saver.fence("run", 3)
    await saver.fence("run", 2)
    with pytest.raises(StaleAttempt):
        await put(saver, attempt=2)
    await put(saver, attempt=3)
    await put(saver, attempt=1, run_id="other")
    await put(saver, attempt=None, run_id=None)
    assert await count(saver) == 3


async def test_the_newest_checkpoint_of_a_run_is_one_of_its_root_graph(saver: RunlineSaver) -> None:
    lineage = Lineage(saver)
    assert await saver.newest_of_run("unknown") is None
    first, second = (await lineage.reach("question inside"))[-1], await lineage.run({"log": ["again"]})
    newest = (await lineage.graph.aget_state(config())).config["configurable"]["checkpoint_id"]
    assert await saver.newest_of_run(second) == newest
    assert (await saver.newest_of_run(first) or "z") < newest


@pytest.mark.parametrize("turns", [*range(0, 40, 4), 60, 90, 130, 200])
async def test_a_cancelled_write_is_there_wholly_or_not_at_all(saver: RunlineSaver, turns: int) -> None:
    lineage = Lineage(saver)
    runs = await lineage.reach("question inside")
    before = await lineage.stored()
    writes = [
        asyncio.create_task(saver.adelete_for_runs(runs)),
        asyncio.create_task(saver.acopy_thread(THREAD, "copy")),
    ]
    for _ in range(turns):
        await asyncio.sleep(0)
    for write in writes:
        write.cancel()
    await asyncio.gather(*writes, return_exceptions=True)
    await put(saver, attempt=None, run_id="later")
    await saver.adelete_for_runs(["later"])
    after = await lineage.stored()
    own = {table: [row for row in rows if "copy" not in row] for table, rows in after.items()}
    assert own == before or not any(own.values())
    copied = {len([row for row in after[table] if "copy" in row]) for table in ("checkpoints", "writes")}
    assert copied in ({0}, {len(before["checkpoints"]), len(before["writes"])})


async def test_a_file_of_langgraphs_own_saver_is_taken_over(tmp_path: Path) -> None:
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "old.db")) as old:
        await Lineage(old).reach("question two")  # type: ignore[arg-type]
    async with nothing_leaks(), open_sqlite_saver(tmp_path / "old.db", synchronous="OFF") as saver:
        lineage = Lineage(saver)
        run_id = await lineage.run(Command(resume="yes"))
        await saver.adelete_for_runs([run_id])
        assert [task.interrupts[0].value for task in (await lineage.graph.aget_state(config())).tasks] == ["two"]
