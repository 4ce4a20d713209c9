"""RunManager's reads: live runs from memory, all others from the store."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kit.waiting import wait_until
from runline.errors import NotStreamable, RunNotFound
from runline.kit.json import loads
from runline.model.lifecycle import RunStatus
from runline.model.run import Run, RunOutcome
from runline.model.viewer import ANONYMOUS, Viewer
from runline.streams.contracts import Ended
from runs.agents import GATES
from runs.house import House, lose_redis, open_house
from shared import SHARED


async def listed(
    house: House, thread_id: str, limit: int = 10, offset: int = 0, status: str | None = None
) -> list[Run]:
    wanted = RunStatus(status) if status else None
    return [known.run for known in await house.core.runs.list_of_thread(ANONYMOUS, thread_id, wanted, limit, offset)]


async def test_a_live_run_is_taken_from_memory_and_others_from_the_store(house: House) -> None:
    run = await house.hold(await house.thread())
    known = await house.core.runs.get(ANONYMOUS, run.thread_id, run.run_id)
    assert (known.store_only, known.run) == (False, house.core.worker.live[run.run_id].run)
    GATES["gate"].open()
    await house.end(run)
    known = await house.core.runs.get(ANONYMOUS, run.thread_id, run.run_id)
    assert (known.store_only, known.run.status) == (True, RunStatus.SUCCESS)


async def test_a_live_run_is_hidden_from_other_viewers_and_threads(house: House) -> None:
    run = await house.hold(await house.thread())
    for viewer, thread_id in ((Viewer("other"), run.thread_id), (ANONYMOUS, await house.thread())):
        with pytest.raises(RunNotFound):
            await house.core.runs.get(viewer, thread_id, run.run_id)


async def test_an_end_that_is_committed_is_seen_although_the_run_is_still_live(house: House) -> None:
    """Whoever saw the end in a list must not be shown a running run again."""
    finished, removed = [await house.hold(await house.thread()) for _ in range(2)]
    await house.core.leases.finish(finished, RunOutcome(RunStatus.SUCCESS), None, None)
    await house.core.leases.discard(removed, None, None)
    assert house.core.worker.live.keys() == {finished.run_id, removed.run_id}
    assert [run.status for run in await listed(house, finished.thread_id)] == [RunStatus.SUCCESS]
    assert (await house.now(finished)).status is RunStatus.SUCCESS
    with pytest.raises(RunNotFound):
        await house.now(removed)


async def test_live_runs_take_precedence_over_their_rows_in_lists(house: House) -> None:
    run = await house.hold(await house.thread())
    live = house.core.worker.live[run.run_id]
    live.run = replace(live.run, metadata={"told by": "memory"})
    waiting = await house.create(run.thread_id, "later")
    first, second = await listed(house, run.thread_id)
    assert (first.run_id, first.status) == (waiting.run_id, RunStatus.PENDING)
    assert (second.run_id, second.metadata) == (run.run_id, {"told by": "memory"})


async def test_the_limit_of_a_list_is_a_true_bound_with_live_runs_too(house: House) -> None:
    thread_id = await house.thread()
    for name in "abc":
        await house.finish(thread_id, name)
    running = await house.hold(thread_id)
    queued = [await house.create(thread_id, "later") for _ in range(2)]
    newest_first = [run.run_id for run in (*reversed(queued), running)]
    assert [run.run_id for run in await listed(house, thread_id, limit=3)] == newest_first
    pages = [await listed(house, thread_id, limit=2, offset=offset) for offset in range(0, 8, 2)]
    assert [len(page) for page in pages] == [2, 2, 2, 0]
    assert len({run.run_id for page in pages for run in page}) == 6


async def test_a_list_may_be_of_one_status(house: House) -> None:
    thread_id = await house.thread()
    ended, running = await house.finish(thread_id, "a"), await house.hold(thread_id)
    waiting = await house.create(thread_id, "later")
    for status, run in (("success", ended), ("running", running), ("pending", waiting)):
        assert [found.run_id for found in await listed(house, thread_id, status=status)] == [run.run_id]


async def test_an_ended_run_of_an_earlier_process_has_its_result_but_no_stream(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        runs = [await house.finish(thread_id, *script) for script in (["one"], ["two"], ["fail"], ["ask why"])]
    lose_redis(tmp_path)
    async with open_house(tmp_path) as house:
        results = []
        for run in runs:
            known = await house.core.runs.get(ANONYMOUS, thread_id, run.run_id)
            assert known.store_only
            assert known.run == run
            with pytest.raises(NotStreamable):
                await house.core.runs.follow(known.run, 0)
            results.append(loads(await house.core.runs.result(known.run)))
    assert [result.get("log") for result in results] == [["one"], ["one", "two"], None, ["one", "two"]]
    assert results[2] == {"__error__": {"error": "ValueError", "message": "kaboom"}}
    assert results[3]["__interrupt__"][0]["value"] == "why"


async def test_a_result_is_the_same_from_memory_and_from_the_store(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        runs = [await house.finish(thread_id, *script) for script in (["one"], ["fail"], ["ask why"])]
        from_memory = [loads(await house.core.runs.result(run)) for run in runs]
    async with open_house(tmp_path) as house:
        assert [loads(await house.core.runs.result(run)) for run in runs] == from_memory


async def test_a_pending_run_of_an_earlier_process_is_executed_and_can_be_followed(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        run = await house.create(await house.thread(), "one", after_seconds=3600)
    async with open_house(tmp_path) as house:
        found = await house.core.runs.find(ANONYMOUS, run.run_id)
        assert found.status is RunStatus.PENDING
        following = asyncio.create_task(house.end(found))
        await house.let_come_due(run)
        assert (await following).names == ["metadata", "values", "values"]
        assert await house.status(run) is RunStatus.SUCCESS


async def test_a_join_waits_for_the_end_and_an_ended_run_answers_at_once(house: House) -> None:
    run = await house.hold(await house.thread())
    GATES["gate"].open()
    for _ in range(2):
        assert loads(await house.core.runs.result(await house.now(run)))["log"] == ["begin", "wait gate", "end"]


async def test_a_reader_without_a_position_sees_only_what_comes_from_now_on(house: House) -> None:
    run = await house.hold(await house.thread())
    batches = await house.core.runs.follow(run, None)
    GATES["gate"].open()
    events = [event async for batch in batches if not hasattr(batch, "result") for event in batch]
    assert [event.seq for event in events] == [4, 5]


@pytest.mark.parametrize("resumable", [False, True])
async def test_a_reader_is_not_left_waiting_by_a_run_that_ends_while_its_stream_is_looked_for(
    tmp_path: Path, resumable: bool
) -> None:
    """Its row was read as that of an active run; its stream was over, and forgotten, before it could be opened."""
    async with open_house(tmp_path, streams={"retention_seconds": 0.0}) as house:
        run = await house.hold(await house.thread(), stream_resumable=resumable)
        row = await house.now(run)
        GATES["gate"].open()
        await house.reach(run, RunStatus.SUCCESS)
        await wait_until(lambda: not house.core.bridge.knows(run.run_id))
        async with asyncio.timeout(30):
            try:
                told = [batch async for batch in await house.core.runs.streams.follow(row, 0)]
            except NotStreamable:
                assert not resumable
                assert not house.core.bridge.knows(run.run_id)
                return
        # Redis keeps an end for a while, whatever the retention
        assert resumable or SHARED
        assert isinstance(told[-1], Ended)
        assert len(told) > 1
        assert SHARED or not house.core.bridge.knows(run.run_id)
