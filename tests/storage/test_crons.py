"""CronStore: crons in the scope of their viewer, and ticks that are used up once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from runline.errors import CronNotFound, NotFound, ThreadBusy, TickTaken, TooMany
from runline.kit.ids import new_id
from runline.model.cron import Cron, CronFilter, Tick
from runline.model.lifecycle import MultitaskStrategy
from runline.model.run import RunSpec
from runline.model.schedule import Schedule
from runline.model.thread import Page
from runline.model.viewer import ANONYMOUS, Viewer
from runline.storage.crons import CronStore
from runline.storage.tables import crons as table
from storage.test_sqlite_plans import plan
from storage.world import ALICE, ASSISTANT, BOB, IN_SQLITE, World

NEWEST = Page(sort_by="created_at")


@pytest.fixture
async def crons(world: World) -> CronStore:
    """A store beside an assistant that crons can be for."""
    await world.assistants.sync_graphs({"echo": None})
    return CronStore(world.database, world.clock, max_per_owner=5)


async def add(world: World, crons: CronStore, viewer: Viewer = ANONYMOUS, **more: Any) -> Cron:
    """A cron of every minute, unless said otherwise."""
    now = world.clock.now()
    spec = RunSpec(ASSISTANT.assistant_id, metadata=more.pop("metadata", {}), create_thread=True)
    cron = Cron(new_id(), viewer.identity, None, Schedule("* * * * *"), spec, now, now)
    cron = replace(cron, **more).timed(now)
    await crons.create(cron)
    return cron


def next_of(cron: Cron) -> Tick:
    """The cron's tick, and the one behind it."""
    assert cron.next_run_date
    return Tick(cron.cron_id, cron.next_run_date, cron.schedule.next_tick(cron.next_run_date))


async def fire(world: World, cron: Cron, tick: Tick | None = None) -> None:
    """What the scheduler does, without a gateway."""
    run = world.run(cron.thread_id or new_id(), Viewer(cron.owner), create_thread=not cron.thread_id)
    run = replace(run, spec=replace(run.spec, multitask_strategy=cron.spec.multitask_strategy))
    await world.runs.admit(run, ASSISTANT, None, tick=tick or next_of(cron))


async def count_runs(world: World) -> int:
    return len((await world.all_rows())[1])


async def test_a_cron_is_read_as_it_was_stored(world: World, crons: CronStore) -> None:
    schedule = Schedule("0 9 * * *", "Europe/Berlin", world.clock.now() + timedelta(days=9))
    cron = await add(world, crons, schedule=schedule, enabled=False, last_error="no")
    assert await crons.get(ANONYMOUS, cron.cron_id) == cron


async def test_a_cron_is_seen_by_its_owner_alone(world: World, crons: CronStore) -> None:
    cron = await add(world, crons, ALICE)

    assert await crons.search(BOB, CronFilter(), NEWEST) == []
    assert await crons.count(BOB, CronFilter()) == 0
    for call in (crons.get, crons.delete):
        with pytest.raises(CronNotFound):
            await call(BOB, cron.cron_id)
    with pytest.raises(CronNotFound):
        await crons.change(BOB, cron.cron_id, lambda cron: replace(cron, enabled=False))
    assert await crons.get(ALICE, cron.cron_id) == cron


async def test_an_owner_has_so_many_crons_and_no_more(world: World, crons: CronStore) -> None:
    for _ in range(5):
        await add(world, crons, ALICE)
    with pytest.raises(TooMany, match="5 crons"):
        await add(world, crons, ALICE)
    await add(world, crons, BOB)
    assert await crons.count(ALICE, CronFilter()) == 5


async def test_a_cron_needs_a_thread_of_its_owner(world: World, crons: CronStore) -> None:
    theirs = await world.thread(viewer=BOB)
    hidden = world.run(new_id(), ALICE, create_thread=True, temporary=True)
    await world.runs.admit(hidden, ASSISTANT, None)
    for thread_id in (new_id(), theirs.thread_id, hidden.thread_id):
        with pytest.raises(NotFound, match=thread_id):
            await add(world, crons, ALICE, thread_id=thread_id)
    assert await crons.count(ALICE, CronFilter()) == 0


async def test_a_cron_needs_an_assistant_that_is_still_there(world: World, crons: CronStore) -> None:
    await world.execute(text("DELETE FROM assistants"))
    with pytest.raises(NotFound, match="Assistant"):
        await add(world, crons)


async def test_search_finds_by_every_field_of_the_filter(world: World, crons: CronStore) -> None:
    thread = await world.thread()
    plain = await add(world, crons)
    on_thread = await add(world, crons, thread_id=thread.thread_id)
    disabled = await add(world, crons, enabled=False)
    marked = await add(world, crons, metadata={"mark": {"of": "Zorro"}, "more": 1})

    for wanted, found in [
        (CronFilter(), [marked, disabled, on_thread, plain]),
        (CronFilter(thread_id=thread.thread_id), [on_thread]),
        (CronFilter(enabled=False), [disabled]),
        (CronFilter(enabled=True), [marked, on_thread, plain]),
        (CronFilter(metadata={"mark": {"of": "Zorro"}}), [marked]),
        (CronFilter(assistant_id=ASSISTANT.assistant_id, enabled=False), [disabled]),
        (CronFilter(assistant_id=new_id()), []),
    ]:
        assert await crons.search(ANONYMOUS, wanted, NEWEST) == found
        assert await crons.count(ANONYMOUS, wanted) == len(found)


@pytest.mark.parametrize("descending", [True, False])
async def test_crons_without_a_value_of_the_sorted_field_come_last(
    world: World, crons: CronStore, descending: bool
) -> None:
    def ends(days: int) -> Schedule:
        return Schedule("* * * * *", None, world.clock.now() + timedelta(days=days))

    endless = await add(world, crons)
    early, late = await add(world, crons, schedule=ends(1)), await add(world, crons, schedule=ends(2))

    found = await crons.search(ANONYMOUS, CronFilter(), Page(sort_by="end_time", descending=descending))
    assert found == [*([late, early] if descending else [early, late]), endless]


async def test_a_tick_makes_one_run_and_the_cron_waits_for_the_next(world: World, crons: CronStore) -> None:
    cron = await add(world, crons)
    await fire(world, cron)

    tick = next_of(cron)
    assert (await crons.get(ANONYMOUS, cron.cron_id)).next_run_date == tick.following
    with pytest.raises(TickTaken):
        await fire(world, cron)
    assert await count_runs(world) == 1


async def test_of_many_who_fire_a_tick_one_makes_a_run(world: World, crons: CronStore) -> None:
    cron = await add(world, crons)
    outcomes = await asyncio.gather(*[fire(world, cron) for _ in range(20)], return_exceptions=True)

    assert [type(outcome) for outcome in outcomes].count(TickTaken) == 19
    assert await count_runs(world) == 1


async def test_a_run_that_cannot_be_admitted_leaves_the_tick_as_it_is(world: World, crons: CronStore) -> None:
    """The two are one transaction: whoever skips the tick does so knowingly, and says why."""
    thread = await world.thread()
    await world.start(thread.thread_id)
    cron = await add(world, crons, thread_id=thread.thread_id)
    cron = replace(cron, spec=replace(cron.spec, multitask_strategy=MultitaskStrategy.REJECT))
    with pytest.raises(ThreadBusy):
        await fire(world, cron)
    assert (await crons.get(ANONYMOUS, cron.cron_id)).next_run_date == cron.next_run_date

    await crons.skip(next_of(cron), "it was busy")
    skipped = await crons.get(ANONYMOUS, cron.cron_id)
    assert (skipped.next_run_date, skipped.last_error) == (next_of(cron).following, "it was busy")
    assert await count_runs(world) == 1


async def test_the_last_error_goes_with_the_next_run(world: World, crons: CronStore) -> None:
    cron = await add(world, crons)
    await crons.skip(next_of(cron), "no")
    await fire(world, await crons.get(ANONYMOUS, cron.cron_id))
    assert (await crons.get(ANONYMOUS, cron.cron_id)).last_error is None


@pytest.mark.parametrize("how", ["disabled", "deleted", "moved"])
async def test_a_cron_that_was_changed_is_not_fired(world: World, crons: CronStore, how: str) -> None:
    cron = await add(world, crons)
    later = world.clock.now() + timedelta(hours=1)
    if how == "deleted":
        await crons.delete(ANONYMOUS, cron.cron_id)
    elif how == "disabled":
        await crons.change(ANONYMOUS, cron.cron_id, lambda cron: replace(cron, enabled=False))
    else:
        await crons.change(ANONYMOUS, cron.cron_id, lambda cron: replace(cron, next_run_date=later))
    with pytest.raises(TickTaken):
        await fire(world, cron)
    with pytest.raises(TickTaken):
        await crons.skip(next_of(cron), "no")
    assert await count_runs(world) == 0


async def test_crons_are_due_when_their_time_has_come_and_not_before(world: World, crons: CronStore) -> None:
    cron = await add(world, crons)
    hourly = await add(world, crons, schedule=Schedule("@hourly"))
    await add(world, crons, enabled=False)

    assert await crons.next_due() == cron.next_run_date
    assert await crons.due(10) == []
    world.clock.pass_(60)
    assert await crons.due(10) == [cron]
    world.clock.pass_(3600)
    assert await crons.due(10) == [cron, hourly]
    assert await crons.due(1) == [cron]


async def test_a_cron_that_ends_comes_due_no_more(world: World, crons: CronStore) -> None:
    now = world.clock.now()
    cron = await add(world, crons, schedule=Schedule("* * * * *", None, now + timedelta(seconds=90)))
    assert next_of(cron).following is None
    await fire(world, cron)

    assert await crons.next_due() is None
    assert (await crons.get(ANONYMOUS, cron.cron_id)).enabled


async def test_a_threads_crons_go_with_it(world: World, crons: CronStore) -> None:
    thread = await world.thread()
    await add(world, crons, thread_id=thread.thread_id)
    kept = await add(world, crons)
    await world.threads.delete(ANONYMOUS, thread.thread_id)
    assert await crons.search(ANONYMOUS, CronFilter(), NEWEST) == [kept]


async def test_an_assistants_crons_go_with_it(world: World, crons: CronStore) -> None:
    await add(world, crons)
    await world.execute(text("DELETE FROM assistants"))
    assert await crons.count(ANONYMOUS, CronFilter()) == 0


async def test_a_graph_that_is_missing_for_once_costs_no_cron(world: World, crons: CronStore) -> None:
    """As when the gateway is started with the wrong langgraph.json: its assistant stays while a cron is for it."""
    cron = await add(world, crons)
    await world.assistants.sync_graphs({"other": None})
    assert await crons.search(ANONYMOUS, CronFilter(), NEWEST) == [cron]

    await crons.delete(ANONYMOUS, cron.cron_id)
    await world.assistants.sync_graphs({"other": None})
    with pytest.raises(NotFound):
        await world.assistants.get(ANONYMOUS, ASSISTANT.assistant_id)


@pytest.mark.parametrize(("column", "value"), [("spec", "{"), ("spec", "[]"), ("metadata", "{"), ("end_time", "soon")])
async def test_a_cron_that_cannot_be_read_holds_up_no_other(
    world: World, crons: CronStore, column: str, value: str
) -> None:
    broken, sound = await add(world, crons), await add(world, crons)
    await world.poison(table, broken.cron_id, **{column: value})
    world.clock.pass_(60)

    assert await crons.search(ANONYMOUS, CronFilter(), NEWEST) == [sound]
    assert await crons.due(10) == [sound]
    await fire(world, sound)
    assert await crons.next_due() == next_of(sound).following


async def test_a_next_tick_that_cannot_be_read_is_nobodys_next_tick(world: World, crons: CronStore) -> None:
    cron = await add(world, crons)
    await world.execute(text("UPDATE crons SET next_run_date = 'soon'"))
    assert await crons.next_due() is None
    await crons.change(ANONYMOUS, (await add(world, crons)).cron_id, lambda cron: replace(cron, enabled=False))
    await world.execute(update(table).where(table.c.cron_id == cron.cron_id).values(next_run_date=cron.next_run_date))
    assert await crons.next_due() == cron.next_run_date


Call = Callable[[World, CronStore, Cron], Awaitable[Any]]
INDEXED: dict[str, tuple[Call, str]] = {
    "next due": (lambda _, crons, _cron: crons.next_due(), "ix_crons_due (next_run_date"),
    "due": (lambda _, crons, _cron: crons.due(10), "ix_crons_due (next_run_date"),
    "fire": (lambda world, _, cron: fire(world, cron), "sqlite_autoindex_crons_1 (cron_id=?)"),
    "search": (
        lambda _, crons, _cron: crons.search(ALICE, CronFilter(), NEWEST),
        "ix_crons_owner_created_at (owner=?)",
    ),
    "count": (lambda _, crons, _cron: crons.count(ALICE, CronFilter()), "ix_crons_owner_created_at (owner=?)"),
}


@IN_SQLITE
@pytest.mark.parametrize(("call", "index"), INDEXED.values(), ids=INDEXED)
async def test_crons_are_found_by_the_indexes_made_for_them(
    world: World, crons: CronStore, call: Call, index: str
) -> None:
    cron = await add(world, crons)
    lines = await plan(world, call(world, crons, cron))
    assert any(index in line for line in lines), lines
    assert not any("SCAN crons" in line and "ix_crons_due" not in line for line in lines), lines
