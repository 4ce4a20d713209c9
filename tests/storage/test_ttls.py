"""TtlStore: which threads are to be pruned, and when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from runline.errors import Conflict, Unreadable
from runline.kit.ids import new_id
from runline.model.ttl import PruneStrategy, Ttl
from runline.model.viewer import ANONYMOUS
from runline.storage.runs import RunStore
from runline.storage.tables import thread_ttls, threads
from runline.storage.threads import ThreadStore
from runline.storage.ttls import Expired, TtlStore
from storage.world import ALICE, ASSISTANT, BOB, IN_SQLITE, World, state

HOUR = Ttl(60)
KEPT_HOUR = Ttl(60, PruneStrategy.KEEP_LATEST)


@pytest.fixture
def ttls(world: World) -> TtlStore:
    return TtlStore(world.database, world.clock)


async def living(world: World, ttl: Ttl | None = HOUR, **metadata: Any) -> str:
    """A new thread with this ttl."""
    return (await world.threads.create(ANONYMOUS, None, metadata, exist_ok=False, ttl=ttl)).thread_id


async def over(ttls: TtlStore, limit: int = 10) -> list[str]:
    return [expired.thread_id for expired in await ttls.expired(limit)]


async def test_a_ttl_is_shown_with_its_end_to_the_owner_alone(world: World, ttls: TtlStore) -> None:
    thread = await world.threads.create(ALICE, None, {}, exist_ok=False, ttl=KEPT_HOUR)
    given = await ttls.find(ALICE, thread.thread_id)
    assert given
    assert (given.ttl, given.expires_at) == (KEPT_HOUR, thread.created_at + timedelta(hours=1))
    assert await ttls.find(BOB, thread.thread_id) is None
    assert await ttls.find(ALICE, new_id()) is None


async def test_a_thread_is_over_when_its_minutes_have_passed(world: World, ttls: TtlStore) -> None:
    thread_id = await living(world)
    await living(world, None)
    world.clock.pass_(3599)
    assert await over(ttls) == []
    world.clock.pass_(1)
    assert await ttls.expired(10) == [Expired(thread_id, ANONYMOUS, PruneStrategy.DELETE)]


async def test_a_patch_begins_another_life(world: World, ttls: TtlStore) -> None:
    thread_id, other = await living(world), await living(world, None)
    world.clock.pass_(3000)
    for patched in (thread_id, other):
        await world.threads.patch(ANONYMOUS, patched, {}, Ttl(100))
    await world.threads.patch(ANONYMOUS, thread_id, {"a": 1})
    world.clock.pass_(5999)
    assert await over(ttls) == []
    world.clock.pass_(1)
    assert await over(ttls) == [thread_id, other]


async def test_the_thread_of_a_stateless_run_takes_no_ttl(world: World, ttls: TtlStore) -> None:
    run = await world.start(new_id(), create_thread=True, temporary=True)
    with pytest.raises(Conflict, match="stateless run"):
        await world.threads.patch(ANONYMOUS, run.thread_id, {"a": 1}, HOUR)
    assert (await world.get_thread(run.thread_id)).metadata.get("a") is None
    assert await ttls.find(ANONYMOUS, run.thread_id) is None


async def test_a_copy_lives_as_long_as_its_source_was_to_live(world: World, ttls: TtlStore) -> None:
    source = await world.get_thread(await living(world))
    world.clock.pass_(3000)
    copy = await world.threads.copy(ANONYMOUS, source, new_id(), state())
    given = await ttls.find(ANONYMOUS, copy.thread_id)
    assert given
    assert (given.ttl, given.expires_at) == (HOUR, copy.created_at + timedelta(hours=1))


async def test_new_threads_have_the_default_ttl_unless_they_are_given_another(world: World, ttls: TtlStore) -> None:
    stores = ThreadStore(world.database, world.clock, HOUR), RunStore(world.database, world.clock, default_ttl=HOUR)
    plain = (await stores[0].create(ANONYMOUS, None, {}, exist_ok=False)).thread_id
    made = (await stores[1].admit(world.run(new_id(), create_thread=True), ASSISTANT, None)).run.thread_id
    kept = await stores[1].admit(
        world.run(new_id(), create_thread=True, temporary=True, keep_thread=True), ASSISTANT, None
    )
    own = (await stores[0].create(ANONYMOUS, None, {}, exist_ok=False, ttl=KEPT_HOUR)).thread_id
    stateless = await stores[1].admit(world.run(new_id(), create_thread=True, temporary=True), ASSISTANT, None)

    given = [await ttls.find(ANONYMOUS, thread_id) for thread_id in (plain, made, kept.run.thread_id, own)]
    assert [found.ttl for found in given if found] == [HOUR, HOUR, HOUR, KEPT_HOUR]
    assert await ttls.find(ANONYMOUS, stateless.run.thread_id) is None


async def test_a_busy_thread_is_put_off_and_holds_nobody_up(world: World, ttls: TtlStore) -> None:
    busy, held, idle = [await living(world) for _ in range(3)]
    run = await world.start(busy)
    await world.hold(held)
    world.clock.pass_(3600)
    assert [await over(ttls, limit=1) for _ in range(3)] == [[], [], [idle]]

    await world.finish(run)
    await world.release(held)
    assert await over(ttls) == []
    world.clock.pass_(60)
    assert sorted(await over(ttls)) == sorted([busy, held, idle])


async def test_those_that_are_over_for_longest_come_first(world: World, ttls: TtlStore) -> None:
    late, early = await living(world, Ttl(20)), await living(world, Ttl(10))
    world.clock.pass_(3600)
    assert [await over(ttls, limit=1) for _ in range(3)] == [[early], [late], []]


async def test_a_thread_that_was_pruned_and_kept_is_pruned_again_only_after_a_change(
    world: World, ttls: TtlStore
) -> None:
    thread_id = await living(world, KEPT_HOUR)
    for changes in (True, False, True):
        if changes:
            await world.finish(await world.start(thread_id))
        world.clock.pass_(3600)
        assert await over(ttls) == ([thread_id] if changes else [])
        await ttls.renew(thread_id)
        world.clock.pass_(3599)
        assert await over(ttls) == []
        world.clock.pass_(1)
        assert await over(ttls) == []


async def test_a_thread_that_is_to_be_deleted_is_not_renewed(world: World, ttls: TtlStore) -> None:
    thread_id = await living(world)
    world.clock.pass_(3000)
    await ttls.renew(thread_id)
    world.clock.pass_(600)
    assert await over(ttls) == [thread_id]


async def test_a_poisoned_ttl_breaks_itself_alone(world: World, ttls: TtlStore) -> None:
    await poisoned_breaks_alone(world, ttls, strategy="zombie")


@IN_SQLITE
async def test_a_ttl_of_no_number_breaks_itself_alone(world: World, ttls: TtlStore) -> None:
    await poisoned_breaks_alone(world, ttls, minutes="many")


async def poisoned_breaks_alone(world: World, ttls: TtlStore, **texts: str) -> None:
    broken, sound = await living(world), await living(world)
    await world.poison(thread_ttls, broken, **texts)
    world.clock.pass_(3600)
    assert [await over(ttls, limit=1) for _ in range(2)] == [[], [sound]]
    with pytest.raises(Unreadable, match=broken):
        await ttls.find(ANONYMOUS, broken)
    assert (await world.get_thread(broken)).thread_id == broken


async def test_a_poisoned_thread_whose_time_is_over_breaks_itself_alone(world: World, ttls: TtlStore) -> None:
    broken, sound = await living(world), await living(world)
    await world.execute(update(threads).where(threads.c.thread_id == broken).values(status="zombie"))
    await world.poison(threads, broken, updated_at="x")
    world.clock.pass_(3600)
    assert await over(ttls) == [sound]


async def test_holding_a_thread_is_no_change_of_it(world: World) -> None:
    thread = await world.thread()
    await world.hold(thread.thread_id)
    assert (await world.get_thread(thread.thread_id)).updated_at == thread.updated_at
    await world.release(thread.thread_id)
    assert await world.get_thread(thread.thread_id) == thread
    await world.come_to(thread.thread_id, state({"n": 1}))
    assert (await world.get_thread(thread.thread_id)).updated_at > thread.updated_at
