"""UnseenStore: threads that are being made or removed, which nobody finds."""

from __future__ import annotations

import pytest

from runline.errors import Conflict, NotFound, SlotLost, ThreadBusy, ThreadNotFound
from runline.kit.ids import new_id
from runline.model.lifecycle import ThreadStatus
from runline.model.thread import Page, ThreadFilter
from runline.model.ttl import PruneStrategy, Ttl
from runline.model.viewer import ANONYMOUS
from runline.storage.threads import Hold
from runline.storage.ttls import Expired, TtlStore
from runline.storage.unseen import UnseenStore
from storage.world import ALICE, BOB, World, state

HOUR = Ttl(60)
SECONDS = 15
"""How long a slot is held."""

MARK = {"user": "u"}


@pytest.fixture
def unseen(world: World) -> UnseenStore:
    return UnseenStore(world.database, world.clock)


@pytest.fixture
def ttls(world: World) -> TtlStore:
    return TtlStore(world.database, world.clock)


async def held(world: World, thread_id: str) -> Hold:
    await world.hold(thread_id)
    return world.holds[thread_id]


async def seen(world: World) -> list[str]:
    """What a search finds, with and without the index of metadata."""
    marked = await world.threads.search(ANONYMOUS, ThreadFilter(metadata=MARK), Page())
    everything = await world.threads.search(ANONYMOUS, ThreadFilter(), Page())
    assert marked == everything
    return [thread.thread_id for thread in everything]


async def test_a_thread_that_is_being_made_is_seen_when_it_is_whole(world: World, unseen: UnseenStore) -> None:
    thread, hold = await unseen.begin(ANONYMOUS, None, MARK, SECONDS, exist_ok=False)
    assert hold
    assert await seen(world) == []
    with pytest.raises(NotFound):
        await world.add(thread.thread_id)

    shown = await unseen.show(hold, state({"n": 1}, ThreadStatus.INTERRUPTED), None)

    assert await seen(world) == [thread.thread_id]
    assert (shown.status, shown.values) == (ThreadStatus.INTERRUPTED, {"n": 1})
    assert shown == await world.get_thread(thread.thread_id)


async def test_its_state_cannot_be_updated_while_it_is_being_made(world: World, unseen: UnseenStore) -> None:
    thread, _ = await unseen.begin(ANONYMOUS, None, {}, SECONDS, exist_ok=False)
    assert await world.hold(thread.thread_id) is None


async def test_an_id_that_is_taken_is_a_conflict_or_the_thread_that_has_it(world: World, unseen: UnseenStore) -> None:
    thread = await world.thread(viewer=ALICE)
    assert await unseen.begin(ALICE, thread.thread_id, MARK, SECONDS, exist_ok=True) == (thread, None)
    for viewer, exist_ok in ((ALICE, False), (BOB, True)):
        with pytest.raises(Conflict):
            await unseen.begin(viewer, thread.thread_id, MARK, SECONDS, exist_ok=exist_ok)
    assert await world.get_thread(thread.thread_id, ALICE) == thread


@pytest.mark.parametrize("ttl", [None, Ttl(7, PruneStrategy.KEEP_LATEST)])
async def test_a_thread_that_was_made_has_the_ttl_it_was_to_have(
    world: World, unseen: UnseenStore, ttls: TtlStore, ttl: Ttl | None
) -> None:
    for store, default in ((unseen, None), (UnseenStore(world.database, world.clock, HOUR), HOUR)):
        thread, hold = await store.begin(ANONYMOUS, None, {}, SECONDS, exist_ok=False)
        assert hold
        await store.show(hold, state(), ttl)
        given = await ttls.find(ANONYMOUS, thread.thread_id)
        assert (given.ttl if given else None) == (ttl or default)


async def test_a_thread_that_was_removed_while_it_was_made_is_not_shown_nor_is_one_of_the_same_id(
    world: World, unseen: UnseenStore
) -> None:
    thread, hold = await unseen.begin(ANONYMOUS, None, {}, SECONDS, exist_ok=False)
    assert hold
    await world.threads.delete(ANONYMOUS, thread.thread_id)
    with pytest.raises(SlotLost):
        await unseen.show(hold, state(), None)
    another = await world.thread(thread.thread_id)
    with pytest.raises(SlotLost):
        await unseen.show(hold, state({"stale": True}), None)
    assert await world.get_thread(thread.thread_id) == another


async def test_a_hidden_thread_is_found_by_nothing_and_takes_no_run(world: World, unseen: UnseenStore) -> None:
    thread = await world.thread(user="u")
    await unseen.hide(ANONYMOUS, await held(world, thread.thread_id))
    assert await seen(world) == []
    with pytest.raises(NotFound):
        await world.add(thread.thread_id)


async def test_a_thread_with_a_run_or_of_another_owner_is_not_hidden(world: World, unseen: UnseenStore) -> None:
    thread = await world.thread(user="u")
    hold = await held(world, thread.thread_id)
    await world.add(thread.thread_id)
    with pytest.raises(ThreadBusy):
        await unseen.hide(ANONYMOUS, hold)
    for viewer, wanted in ((BOB, hold), (ANONYMOUS, Hold(new_id(), new_id()))):
        with pytest.raises(ThreadNotFound):
            await unseen.hide(viewer, wanted)
    assert await seen(world) == [thread.thread_id]


async def test_what_a_dead_process_has_left_unseen_is_known_at_once_and_swept_in_the_end(
    world: World, unseen: UnseenStore, ttls: TtlStore
) -> None:
    made, _ = await unseen.begin(ALICE, None, {}, SECONDS, exist_ok=False)
    removed = await world.thread(viewer=BOB)
    hold = await world.threads.hold(BOB, removed.thread_id, SECONDS)
    assert hold
    await unseen.hide(BOB, hold)
    await world.start(new_id(), create_thread=True, temporary=True)
    left = [
        Expired(made.thread_id, ALICE, PruneStrategy.DELETE, unseen=True),
        Expired(removed.thread_id, BOB, PruneStrategy.DELETE, unseen=True),
    ]

    assert sorted(await ttls.left_unseen(), key=repr) == sorted(left, key=repr)
    assert await ttls.expired(10) == []
    world.clock.pass_(3601)
    assert await ttls.expired(10) == left
