"""Two cores over one PostgreSQL and one Redis: what every process does in the background is done once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import wait_until as until
from kit.receiver import receiving
from kit.waiting import wait_until
from runline.model.lifecycle import CancelAction, RunStatus
from runline.model.viewer import ANONYMOUS
from runline.runs.scheduler import Scheduler
from runline.storage.runs import RunFilter
from runline.streams.memory import MemoryBell
from runs.agents import GATES
from runs.house import GRAPHS, House, open_house
from runs.nodes import kill
from runs.test_scheduler import add, come_due, make_due
from runs.test_webhooks import OPEN

LEASE_SECONDS = 0.6


def started(house: House) -> bool:
    rings = house.core.redis and house.core.redis.rings
    return bool(rings and rings.hears("runs") and rings.hears("stop") and rings.hears("crons"))


@pytest.fixture
async def two(settings: dict[str, Any], tmp_path: Path) -> AsyncIterator[tuple[House, House]]:
    workers = {"lease_seconds": LEASE_SECONDS}
    async with (
        open_house(tmp_path, **settings, workers=workers) as here,
        open_house(tmp_path, **settings, workers=workers) as there,
    ):
        await wait_until(lambda: started(here) and started(there))
        yield here, there


async def test_a_tick_that_two_schedulers_see_makes_one_run(still: tuple[House, House]) -> None:
    here, there = still
    thread_id = await here.thread()
    cron = await make_due(here, await add(here, thread_id))
    schedulers = [Scheduler(house.core.crons, house.core.runs, MemoryBell(), house.core.runs.clock) for house in still]
    await asyncio.gather(*(scheduler.fire(cron, datetime.now(UTC)) for scheduler in schedulers * 3))
    assert len(await there.core.runs.list_of_thread(ANONYMOUS, thread_id, None, 10, 0)) == 1


async def test_a_cron_that_is_made_on_one_node_is_known_to_the_scheduler_of_another(two: tuple[House, House]) -> None:
    here, there = two
    cron = await add(here, await here.thread())
    await kill(here)
    await come_due(there, cron)


async def test_an_end_that_was_heard_on_one_node_is_known_on_another(two: tuple[House, House]) -> None:
    here, there = two
    here.core.commands.heard.add("a run")
    async with asyncio.timeout(30):
        while not await there.core.commands.heard.has("a run"):  # noqa: ASYNC110 - Redis sets no event
            await asyncio.sleep(0.005)
    assert not await there.core.commands.heard.has("another")


async def test_an_abandoned_run_falls_to_one_of_two_reapers(still: tuple[House, House]) -> None:
    here, there = still
    run = await here.abandon(await here.thread(), "one")
    reaped = [house.reaper(max_attempts=3).reap(everything=True) for house in still * 2]
    assert sum(await asyncio.gather(*reaped)) == 1
    await there.reach(run, RunStatus.SUCCESS)
    assert (await there.now(run)).attempt == 2


async def test_an_abandoned_run_that_was_tried_often_enough_is_ended_by_one_of_two_reapers(
    still: tuple[House, House],
) -> None:
    here, there = still
    run = await here.abandon(await here.thread(), "one", stream_resumable=True)
    reaped = [house.reaper().reap(everything=True) for house in still * 2]
    assert sum(await asyncio.gather(*reaped)) == 1
    told = await there.read(await there.now(run))
    assert told.names == ["error"]
    assert await here.status(run) is RunStatus.ERROR


async def test_a_slot_that_is_held_on_one_node_is_not_abandoned_for_another(two: tuple[House, House]) -> None:
    here, there = two
    thread_id = await here.thread()
    clock = asyncio.get_running_loop().time
    async with here.core.slots.slot(ANONYMOUS, thread_id):
        until = clock() + 3 * LEASE_SECONDS
        run = await there.create(thread_id, "one")
        await wait_until(lambda: clock() > until)
        assert await there.status(run) is RunStatus.PENDING
    await there.reach(run, RunStatus.SUCCESS)


async def test_a_slot_whose_holder_died_is_given_back_by_another_node(two: tuple[House, House]) -> None:
    here, there = two
    thread_id = await here.thread()
    await here.core.threads.hold(ANONYMOUS, thread_id, LEASE_SECONDS)
    run = await there.create(thread_id, "one")
    await there.reach(run, RunStatus.SUCCESS)


async def test_the_removal_of_a_thread_is_finished_by_another_node(two: tuple[House, House]) -> None:
    """Its node died when the thread was hidden, and before the run was told to stop that still executes elsewhere."""
    here, there = two
    run = await there.hold(await there.thread())
    hold = await here.core.threads.hold(ANONYMOUS, run.thread_id, LEASE_SECONDS, beside_runs=True)
    assert hold
    await here.core.runs.unseen.hide(ANONYMOUS, hold, beside_runs=True)
    await kill(here)

    await there.until_removed(run.thread_id)
    await there.core.worker.ended(run.run_id)

    async def weighs_nothing() -> bool:
        return (await there.core.runs.saver.weigh(run.thread_id)).checkpoints == 0

    await until(weighs_nothing)


async def test_each_webhook_is_called_once_by_two_dispatchers(settings: dict[str, Any], tmp_path: Path) -> None:
    more: dict[str, Any] = {"webhooks": {"allowed_networks": ["127.0.0.0/8"]}, "workers": {"poll_seconds": 0.01}}
    async with (
        receiving() as receiver,
        open_house(tmp_path, GRAPHS, {"webhooks": OPEN}, **settings, **more) as here,
        open_house(tmp_path, GRAPHS, {"webhooks": OPEN}, **settings, **more) as there,
    ):
        for number in range(10):
            await (here, there)[number % 2].finish(None, "one", webhook=receiver.url(f"/{number}"))
        await receiver.called(10)
    assert sorted(call.path for call in receiver.calls) == sorted(f"/{number}" for number in range(10))


@pytest.mark.parametrize("resumable", [False, True])
@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_worker_that_was_only_held_up_leaves_the_run_to_its_successor(
    settings: dict[str, Any], tmp_path: Path, logs: list[Any], elsewhere: bool, resumable: bool
) -> None:
    """Both go on at once. What the first one saves and ends is refused, which is no failure of the run."""
    # one whose slots are all taken, or gateways of which the second does not work
    slots = ({"concurrency": 1}, {"concurrency": 1}) if elsewhere else ({"concurrency": 2}, {"concurrency": 0})
    async with (
        open_house(tmp_path, **settings, workers=slots[0]) as here,
        open_house(tmp_path, **settings, workers=slots[1]) as there,
    ):
        run = await here.hold(await here.thread(), stream_resumable=resumable)
        await here.let_lease_end(run)
        await there.reaper(max_attempts=3).reap()
        if elsewhere:
            await wait_until(lambda: GATES["gate"].visits == 2)
        GATES["gate"].open()
        await there.reach(run, RunStatus.SUCCESS)
        await here.core.worker.ended(run.run_id)
        assert (await there.now(run)).attempt == 2
        assert await there.log(run.thread_id) == ["begin", "wait gate", "end"]
    given_up = {"a run is left to another attempt", "lease lost before the end of a run"}
    assert given_up & {entry["event"] for entry in logs}


async def test_stops_of_runs_that_execute_elsewhere_are_heard_at_once(still: tuple[House, House]) -> None:
    """Not when their leases are renewed, which is never here."""
    here, there = still
    await wait_until(lambda: started(here) and started(there))
    executing = [await there.hold(await there.thread()) for _ in range(3)]
    wanted = RunFilter(run_ids=tuple(run.run_id for run in executing))
    await here.core.runs.cancel_many(ANONYMOUS, wanted, CancelAction.INTERRUPT)
    async with asyncio.timeout(30):
        await asyncio.gather(*(here.core.runs.result(run) for run in executing))
