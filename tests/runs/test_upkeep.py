"""Pruning: on demand, when a thread's time is over, and never what is busy."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kept import CHECKPOINT_TABLES
from kit.waiting import wait_until
from runline.errors import NotFound, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import RunStatus
from runline.model.thread import ThreadFilter
from runline.model.ttl import PruneStrategy, Ttl
from runline.model.viewer import ANONYMOUS, Viewer
from runline.runs.states import HistoryQuery
from runs.agents import GATES
from runs.house import LONG_AGO, NEVER, House, kept_by, open_house
from shared import SHARED

AT_ONCE = 1e-6
BOTH = pytest.mark.parametrize("strategy", PruneStrategy)
TABLES = ("threads", "runs", "thread_terms", "thread_ttls", *CHECKPOINT_TABLES)


def rows(folder: Path) -> dict[str, int]:
    """How many rows there are of everything."""
    kept = kept_by(folder)
    return {table: kept.count(table) for table in TABLES}


async def living(house: House, strategy: PruneStrategy, *script: str) -> str:
    """A thread whose time is over, on which a script was run."""
    ttl = Ttl(AT_ONCE, strategy)
    thread_id = (await house.core.threads.create(ANONYMOUS, None, {}, exist_ok=False, ttl=ttl)).thread_id
    if script:
        await house.finish(thread_id, *script)
    return thread_id


async def sweep_what_may_be_of_others(house: House, folder: Path) -> None:
    """One that shares its database removes what is unseen when its time is over; one alone has done so at its start."""
    if SHARED:
        kept_by(folder).change("thread_ttls", "expires_at", LONG_AGO)
        await house.core.upkeep.sweep()


async def past(house: House, thread_id: str) -> int:
    return len(await house.core.states.history(ANONYMOUS, thread_id, HistoryQuery(limit=100)))


async def prune(house: House, *thread_ids: str, strategy: PruneStrategy, viewer: Viewer = ANONYMOUS) -> int:
    return await house.core.upkeep.prune(viewer, thread_ids, strategy)


async def test_nothing_is_left_of_a_thread_that_is_pruned_away(house: House, tmp_path: Path) -> None:
    before = rows(tmp_path)
    threads = [await house.thread() for _ in range(2)]
    for thread_id in threads:
        await house.finish(thread_id, "one", "two")

    assert await prune(house, *threads, threads[0], new_id(), strategy=PruneStrategy.DELETE) == 2

    assert rows(tmp_path) == before
    with pytest.raises(ThreadNotFound):
        await house.get_thread(threads[0])


async def test_a_thread_that_is_kept_loses_its_past_and_goes_on(house: House) -> None:
    thread_id = await house.thread()
    await house.finish(thread_id, "one", "two")
    thread, length = await house.get_thread(thread_id), await past(house, thread_id)
    assert length > 1

    assert await prune(house, thread_id, strategy=PruneStrategy.KEEP_LATEST) == 1

    assert await past(house, thread_id) == 1
    assert await house.get_thread(thread_id) == thread
    await house.finish(thread_id, "three")
    assert await house.log(thread_id) == ["one", "two", "three"]


@BOTH
async def test_a_question_that_waits_for_its_answer_survives_the_pruning_of_its_past(
    house: House, strategy: PruneStrategy
) -> None:
    thread_id = await living(house, PruneStrategy.KEEP_LATEST, "one", "ask sure?")
    if strategy is PruneStrategy.KEEP_LATEST:
        await prune(house, thread_id, strategy=strategy)
    else:
        await house.core.upkeep.sweep()
    await house.finish(thread_id, command={"resume": "yes"})
    assert await house.log(thread_id) == ["one", "answered yes"]


@BOTH
async def test_a_busy_thread_is_not_pruned(house: House, strategy: PruneStrategy) -> None:
    thread_id = await living(house, strategy, "before")
    run = await house.hold(thread_id, durability="sync")
    waiting = await house.create(thread_id, "after", strategy="enqueue")
    length = await past(house, thread_id)

    assert await prune(house, thread_id, strategy=strategy) == 0
    await house.core.upkeep.sweep()

    assert await past(house, thread_id) == length
    GATES["gate"].open()
    await house.end(run)
    await house.end(waiting)
    assert [(await house.now(ended)).status for ended in (run, waiting)] == [RunStatus.SUCCESS] * 2
    assert await house.log(thread_id) == ["before", "begin", "wait gate", "end", "after"]


@BOTH
async def test_a_run_that_comes_while_its_thread_is_pruned_is_refused_or_done(
    house: House, strategy: PruneStrategy
) -> None:
    done = 0
    for _ in range(30):
        thread_id = await house.thread()
        await house.finish(thread_id, "one")

        async def create(thread_id: str = thread_id) -> bool:
            try:
                run = await house.create(thread_id, "two", strategy="enqueue")
            except NotFound:
                return False
            return bool((await house.end(run)).result["log"] == ["one", "two"])

        pruned, succeeded = await asyncio.gather(prune(house, thread_id, strategy=strategy), create())
        if strategy is PruneStrategy.DELETE:
            # both, if the run came to its end before it was looked for
            assert succeeded or pruned == 1
        else:
            assert succeeded
        done += succeeded
    assert done > 0 or strategy is PruneStrategy.DELETE


@BOTH
async def test_a_thread_of_another_viewer_is_left_alone(house: House, strategy: PruneStrategy) -> None:
    thread_id = await living(house, strategy, "one", "two")
    length = await past(house, thread_id)
    assert await prune(house, thread_id, strategy=strategy, viewer=Viewer("mallory")) == 0
    assert await past(house, thread_id) == length
    with pytest.raises(ThreadNotFound):
        await house.core.upkeep.weigh(Viewer("mallory"), thread_id)


async def test_a_sweep_prunes_what_is_over_as_it_is_to_be_pruned(house: House) -> None:
    deleted = await living(house, PruneStrategy.DELETE, "one", "two")
    kept = await living(house, PruneStrategy.KEEP_LATEST, "one", "two")
    forever = await house.thread()
    await house.finish(forever, "one", "two")
    length = await past(house, forever)

    await house.core.upkeep.sweep()

    with pytest.raises(ThreadNotFound):
        await house.get_thread(deleted)
    assert (await past(house, kept), await house.log(kept)) == (1, ["one", "two"])
    assert await past(house, forever) == length


async def test_what_a_dead_process_has_left_half_made_or_half_removed_is_removed_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as house:
        before = rows(tmp_path)
        removed = await house.thread()
        await house.finish(removed, "one")
        unseen = house.core.upkeep.unseen
        hold = await house.core.threads.hold(ANONYMOUS, removed, NEVER)
        assert hold
        await unseen.hide(ANONYMOUS, hold)
        made, _ = await unseen.begin(ANONYMOUS, None, {"graph_id": "script"}, NEVER, exist_ok=False)
        assert rows(tmp_path)["threads"] == 2
    async with open_house(tmp_path) as house:
        assert rows(tmp_path) == before
        for thread_id in (removed, made.thread_id):
            with pytest.raises(ThreadNotFound):
                await house.get_thread(thread_id)


async def test_a_deletion_that_died_half_way_is_finished_at_the_next_start(tmp_path: Path) -> None:
    """It waits for a run that does not stop; nothing new comes to the thread meanwhile."""
    async with open_house(tmp_path) as house:
        before = rows(tmp_path)
        thread_id = await house.thread()
        await house.finish(thread_id, "one")
        await house.create(thread_id, "ignore stop", "wait for-ever")
        await wait_until(lambda: GATES["stop"].visits)
        deletion = asyncio.create_task(house.core.runs.delete_thread(ANONYMOUS, thread_id))
        await wait_until(GATES["stop was cancelled"].opened.is_set)
        with pytest.raises(NotFound):
            await house.create(thread_id, "two")
        deletion.cancel()
        await asyncio.gather(deletion, return_exceptions=True)
    assert rows(tmp_path)["threads"] == 1
    async with open_house(tmp_path) as house:
        await sweep_what_may_be_of_others(house, tmp_path)
        assert rows(tmp_path) == before
        with pytest.raises(ThreadNotFound):
            await house.get_thread(thread_id)


async def test_what_is_left_unseen_in_a_living_process_is_swept(house: House, tmp_path: Path) -> None:
    before = rows(tmp_path)
    await house.core.upkeep.unseen.begin(ANONYMOUS, None, {}, NEVER, exist_ok=False)
    await house.core.upkeep.sweep()
    assert rows(tmp_path) != before
    kept_by(tmp_path).change("thread_ttls", "expires_at", LONG_AGO)

    await house.core.upkeep.sweep()

    assert rows(tmp_path) == before


async def test_an_unseen_thread_that_cannot_be_read_does_not_keep_the_gateway_from_starting(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        await house.core.upkeep.unseen.begin(ANONYMOUS, None, {}, NEVER, exist_ok=False)
    kept_by(tmp_path).change("threads", "config", "{")
    async with open_house(tmp_path) as house:
        await house.finish(None, "one")


async def test_a_thread_that_cannot_be_read_does_not_hold_up_the_pruning_of_others(
    house: House, tmp_path: Path, logs: list[Any]
) -> None:
    broken, sound = await living(house, PruneStrategy.DELETE), await living(house, PruneStrategy.DELETE)
    kept_by(tmp_path).change("threads", "config", "{", thread_id=broken)

    await house.core.upkeep.sweep()

    with pytest.raises(ThreadNotFound):
        await house.get_thread(sound)
    assert await house.core.threads.count(ANONYMOUS, ThreadFilter()) == 1
    assert [entry["reason"] for entry in logs if entry["event"] == "a thread is not pruned"]
