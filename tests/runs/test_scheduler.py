"""The scheduler: what is due becomes a run, once; what cannot become one is skipped, and the cron says why."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kit.waiting import wait_until
from runline.kit.clock import SystemClock
from runline.model.cron import Cron, CronChange, CronFilter
from runline.model.lifecycle import MultitaskStrategy
from runline.model.run import Run, RunSpec
from runline.model.schedule import Schedule
from runline.model.viewer import ANONYMOUS
from runline.runs.scheduler import GRACE, Scheduler
from runline.streams.memory import MemoryBell
from runs.agents import GATES
from runs.house import House, open_house
from storage.world import StandingClock

YEARLY = Schedule("0 0 1 1 *")
EVERY_SECOND = Schedule("* * * * * *")


async def add(house: House, thread_id: str | None = None, schedule: Schedule = YEARLY, **spec: Any) -> Cron:
    """A cron whose runs do next to nothing."""
    wanted = RunSpec("script", **{"input": {"script": ["end"]}, "create_thread": not thread_id, **spec})
    return await house.core.cron_manager.create(ANONYMOUS, thread_id, schedule, wanted, enabled=True)


async def make_due(house: House, cron: Cron, ago: timedelta = timedelta(0)) -> Cron:
    """Let its next tick have been so long ago."""
    due = datetime.now(UTC) - ago
    return await house.core.crons.change(ANONYMOUS, cron.cron_id, lambda cron: replace(cron, next_run_date=due))


async def come_due(house: House, cron: Cron, ago: timedelta = timedelta(0)) -> Cron:
    """Make it due, wake the scheduler, and wait until the tick is used up."""
    due = (await make_due(house, cron, ago)).next_run_date
    house.core.cron_manager.bell.ring()
    async with asyncio.timeout(30):
        while (now := await house.core.crons.get(ANONYMOUS, cron.cron_id)).next_run_date == due:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return now


async def runs_of(house: House, thread_id: str) -> list[Run]:
    """The thread's runs, once nothing is left to do."""
    await wait_until(lambda: not house.core.worker.live)
    return [known.run for known in await house.core.runs.list_of_thread(ANONYMOUS, thread_id, None, 100, 0)]


async def test_a_cron_that_is_due_makes_a_run_on_its_thread(house: House) -> None:
    thread_id = await house.thread()
    cron = await add(house, thread_id, metadata={"mark": 1})
    fired = await come_due(house, cron)

    (run,) = await runs_of(house, thread_id)
    assert run.metadata.items() >= {"mark": 1, "cron_id": cron.cron_id}.items()
    assert run.spec.config["configurable"]["cron_id"] == run.spec.context["cron_id"] == cron.cron_id
    assert (fired.next_run_date, fired.last_error) == (cron.next_run_date, None)


async def test_ticks_are_counted_by_what_became_of_them(house: House) -> None:
    thread_id = await house.thread()
    await come_due(house, await add(house, thread_id))
    await come_due(house, await add(house, thread_id), GRACE + timedelta(seconds=1))
    await runs_of(house, thread_id)

    for outcome in ("fired", "skipped"):
        said = f'runline_cron_ticks_total{{outcome="{outcome}"}} 1.0'
        await wait_until(lambda: said in house.core.meters.exposition().decode())  # noqa: B023


async def test_the_crons_id_joins_the_context_of_its_runs(house: House) -> None:
    thread_id = await house.thread()
    cron = await add(house, thread_id, context={"colour": "blue"})
    await come_due(house, cron)

    (run,) = await runs_of(house, thread_id)
    assert run.spec.context == {"colour": "blue", "cron_id": cron.cron_id}


async def test_a_cron_is_fired_however_it_came_to_be_due(tmp_path: Path) -> None:
    """Nobody rings for the ticks that follow: the scheduler sleeps no longer than until the next."""
    async with open_house(tmp_path) as house:
        thread_id = await house.thread()
        await add(house, thread_id, EVERY_SECOND)
        async with asyncio.timeout(30):
            while len(await runs_of(house, thread_id)) < 3:  # noqa: ASYNC110 - the store sets no event
                await asyncio.sleep(0.01)


async def test_a_change_that_is_not_about_time_costs_no_tick(house: House) -> None:
    """Its tick has come already, and is about to be fired."""
    cron = await add(house)
    clock = StandingClock()
    assert cron.next_run_date
    clock.pass_((cron.next_run_date - clock.told).total_seconds() + 1)
    manager = replace(house.core.cron_manager, clock=clock)

    marked = await manager.change(ANONYMOUS, cron.cron_id, CronChange(spec={"metadata": {"mark": 1}}))
    assert (marked.next_run_date, marked.spec.metadata) == (cron.next_run_date, {"mark": 1})
    enabled = await manager.change(ANONYMOUS, cron.cron_id, CronChange(enabled=True))
    assert enabled.next_run_date == YEARLY.next_tick(cron.next_run_date)


async def test_a_tick_that_was_missed_is_skipped_and_the_cron_says_so(house: House) -> None:
    thread_id = await house.thread()
    missed = await come_due(house, await add(house, thread_id), GRACE + timedelta(seconds=1))

    assert missed.last_error
    assert "missed" in missed.last_error
    assert missed.next_run_date == YEARLY.next_tick(datetime.now(UTC))
    assert await runs_of(house, thread_id) == []


async def test_a_tick_that_waits_for_others_to_be_fired_is_not_missed(house: House) -> None:
    """A thousand crons at nine o'clock take their time, and the last of them is fired, too."""
    thread_id = await house.thread()
    cron = await add(house, thread_id)
    due, clock = cron.next_run_date, StandingClock()
    assert due
    clock.pass_((due - clock.told + 2 * GRACE).total_seconds())
    await Scheduler(house.core.crons, house.core.runs, MemoryBell(), clock).fire(cron, awake=due)

    assert len(await runs_of(house, thread_id)) == 1


async def test_of_ticks_that_were_held_up_one_is_fired(house: House) -> None:
    thread_id = await house.thread()
    before = datetime.now(UTC)
    cron = await add(house, thread_id, EVERY_SECOND)
    fired = await come_due(house, cron, GRACE / 2)
    await house.core.crons.delete(ANONYMOUS, cron.cron_id)
    seconds = (datetime.now(UTC) - before).total_seconds()

    assert fired.next_run_date
    assert fired.next_run_date > before
    # besides those that came due meanwhile
    assert 1 <= len(await runs_of(house, thread_id)) <= 2 + seconds


async def test_several_schedulers_fire_a_tick_once(house: House) -> None:
    """As several gateways over one database would."""
    thread_id = await house.thread()
    schedulers = [Scheduler(house.core.crons, house.core.runs, MemoryBell(), SystemClock()) for _ in range(8)]
    cron = await make_due(house, await add(house, thread_id))
    await asyncio.gather(*[scheduler.fire(cron, datetime.now(UTC)) for scheduler in schedulers])

    assert len(await runs_of(house, thread_id)) == 1
    assert (await house.core.crons.get(ANONYMOUS, cron.cron_id)).last_error is None


async def test_a_run_that_is_refused_costs_the_tick_and_the_cron_says_why(house: House) -> None:
    thread_id = await house.thread()
    busy = await house.hold(thread_id)
    cron = await add(house, thread_id, multitask_strategy=MultitaskStrategy.REJECT)
    refused = await come_due(house, cron)
    GATES["gate"].open()

    assert refused.last_error
    assert "already running" in refused.last_error
    assert [run.run_id for run in await runs_of(house, thread_id)] == [busy.run_id]

    fired = await come_due(house, cron)
    assert fired.last_error is None
    assert len(await runs_of(house, thread_id)) == 2


async def test_a_cron_whose_graph_is_gone_waits_for_its_return(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        cron = await add(house)
    async with open_house(tmp_path, {"moody": "runs.agents:moody"}) as house:
        skipped = await come_due(house, cron)
        assert skipped.last_error
        assert "script" in skipped.last_error
    async with open_house(tmp_path) as house:
        assert (await come_due(house, cron)).last_error is None
        await wait_until(lambda: not house.core.worker.live)


async def test_a_stored_schedule_that_cannot_be_read_any_more_comes_due_no_more(house: House) -> None:
    """As when the machine's time zones are others than they were."""
    cron = await add(house)
    gone = Schedule("0 0 1 1 *", "Mars/Phobos")
    await house.core.crons.change(ANONYMOUS, cron.cron_id, lambda cron: replace(cron, schedule=gone))

    skipped = await come_due(house, cron)
    assert skipped.next_run_date is None
    assert skipped.last_error
    assert "Mars/Phobos" in skipped.last_error


async def test_a_cron_that_holds_nonsense_does_not_hold_up_the_others(house: House, logs: list[Any]) -> None:
    thread_id = await house.thread()
    broken, sound = await add(house), await add(house, thread_id)
    nonsense = replace(broken.spec, config={"configurable": 5})
    await house.core.crons.change(ANONYMOUS, broken.cron_id, lambda cron: replace(cron, spec=nonsense))
    await make_due(house, broken)
    await come_due(house, sound)

    assert len(await runs_of(house, thread_id)) == 1
    skipped = await house.core.crons.get(ANONYMOUS, broken.cron_id)
    assert skipped.last_error == f"Cron {broken.cron_id} is stored in a form that cannot be read"
    assert skipped.next_run_date == broken.next_run_date
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["a cron cannot be fired"]


async def test_nothing_is_fired_while_the_gateway_drains(house: House, logs: list[Any]) -> None:
    thread_id = await house.thread()
    cron = await add(house, thread_id)
    await house.core.drain()
    due = await make_due(house, cron)
    scheduler = Scheduler(house.core.crons, house.core.runs, house.core.cron_manager.bell, SystemClock())
    scheduler.bell.ring()
    await scheduler.step()

    assert await house.core.crons.get(ANONYMOUS, cron.cron_id) == due
    assert await runs_of(house, thread_id) == []
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_a_thread_takes_its_crons_along_also_while_they_fire(house: House) -> None:
    thread_id = await house.thread()
    await add(house, thread_id, EVERY_SECOND, input={"script": ["begin", "wait gate"]})
    await wait_until(lambda: GATES["gate"].visits > 0)

    await house.core.runs.delete_thread(ANONYMOUS, thread_id)
    assert await house.core.crons.count(ANONYMOUS, CronFilter()) == 0
    await wait_until(lambda: not house.core.worker.live)
