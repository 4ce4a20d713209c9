"""ClaimStore: a worker takes runs of the graphs it knows, and of no others."""

from __future__ import annotations

from dataclasses import replace

from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from storage.world import ASSISTANT, GRAPHS, World

NEW = "new"


async def add(world: World, graph_id: str, thread_id: str | None = None, *, start: bool = False) -> Run:
    """A run of a graph, offered to a worker that knows the usual ones if it is to start."""
    run = replace(world.run(thread_id or new_id(), create_thread=True), graph_id=graph_id)
    claimant = world.claimant() if start else None
    return (await world.runs.admit(run, replace(ASSISTANT, graph_id=graph_id), claimant)).run


async def test_a_worker_passes_over_runs_of_graphs_that_it_does_not_know(world: World) -> None:
    waiting = [await add(world, graph_id) for graph_id in (NEW, "echo", NEW, "echo")]
    assert [run.run_id for run in await world.claim(3)] == [waiting[1].run_id, waiting[3].run_id]
    assert await world.claim() == []
    newer = replace(world.claimant(), graphs=GRAPHS | {NEW})
    assert [run.run_id for run in await world.claims.claim(newer, 1)] == [waiting[0].run_id]


async def test_a_worker_that_knows_no_graph_takes_nothing(world: World) -> None:
    await add(world, "echo")
    nobody = replace(world.claimant(), graphs=frozenset())
    assert await world.claims.claim(nobody, 1) == []
    assert await world.claims.next_due(nobody.graphs) is None


async def test_a_run_of_a_graph_that_the_worker_does_not_know_is_not_started_at_its_admission(world: World) -> None:
    run = await add(world, NEW, start=True)
    assert (run.status, await world.statuses(run.thread_id)) == (RunStatus.PENDING, ["ready"])


async def test_the_next_run_of_a_thread_is_left_to_a_worker_that_knows_its_graph(world: World) -> None:
    first = await world.start(new_id(), create_thread=True)
    second = await add(world, NEW, first.thread_id)
    promoted = (await world.finish(first, successor=True)).promoted
    assert promoted
    assert (promoted.run_id, promoted.status) == (second.run_id, RunStatus.PENDING)
    assert await world.statuses(first.thread_id) == ["success", "ready"]


async def test_a_worker_does_not_wake_for_what_it_cannot_take(world: World) -> None:
    await add(world, NEW)
    echo = await add(world, "echo")
    assert await world.claims.next_due(GRAPHS) == echo.due_at


async def test_what_waits_for_another_graph_is_counted_once_it_is_due(world: World) -> None:
    first = await add(world, NEW)
    await add(world, NEW)
    await add(world, NEW, first.thread_id)
    echo = await add(world, "echo")
    await world.add(new_id(), create_thread=True, after_seconds=60)
    assert await world.claims.stranded(GRAPHS) == [(NEW, 2, first.due_at)]
    assert await world.claims.stranded({NEW}) == [("echo", 1, echo.due_at)]
    assert await world.claims.stranded({NEW, "echo"}) == []
