"""Runs over all threads: newest first, page by page, and nobody else's."""

from __future__ import annotations

from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.model.run import Run
from runline.model.viewer import ANONYMOUS
from runline.storage.run_lists import RunListStore
from storage.world import ALICE, FAILED, SUCCESS, World


async def some_of_each(world: World) -> list[Run]:
    """Runs of several statuses on threads of their own, newest first."""
    made = []
    for _ in range(3):
        for outcome in (SUCCESS, FAILED, None):
            run = await world.start(new_id(), create_thread=True)
            if outcome:
                await world.finish(run, outcome)
            made.append(run)
        made.append(await world.add(run.thread_id))
    return made[::-1]


async def ids(world: World, status: RunStatus | None = None, limit: int = 100, offset: int = 0) -> list[str]:
    return [run.run_id for run, _ in await RunListStore(world.database).list(ANONYMOUS, status, limit, offset)]


async def test_runs_of_all_statuses_are_merged_newest_first(world: World) -> None:
    made = await some_of_each(world)

    assert await ids(world) == [run.run_id for run in made]


async def test_pages_follow_each_other_without_gap_or_repeat(world: World) -> None:
    made = await some_of_each(world)

    pages = [await ids(world, limit=5, offset=offset) for offset in (0, 5, 10, 15)]
    assert [len(page) for page in pages] == [5, 5, 2, 0]
    assert [run_id for page in pages for run_id in page] == [run.run_id for run in made]


async def test_a_status_leaves_the_others_out(world: World) -> None:
    made = await some_of_each(world)

    assert await ids(world, RunStatus.PENDING) == [run.run_id for run in made[0::4]]
    assert await ids(world, RunStatus.RUNNING) == [run.run_id for run in made[1::4]]
    assert await ids(world, RunStatus.ERROR, limit=2) == [run.run_id for run in made[2::4]][:2]
    assert await ids(world, RunStatus.TIMEOUT) == []


async def test_the_runs_of_others_are_not_listed(world: World) -> None:
    await some_of_each(world)

    assert await RunListStore(world.database).list(ALICE, None, 100, 0) == []
