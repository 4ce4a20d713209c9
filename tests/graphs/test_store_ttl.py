"""Times to live: an item that has expired is gone from that moment, swept or not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from graphs.memory import HandClock, Shelf, execute, index_by, keys, open_memory
from kit.leaks import nothing_leaks
from runline.graphs.store import RunlineStore
from runline.graphs.store_spec import StoreSpec

A = ("a",)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(shelf: Shelf, clock: HandClock) -> AsyncIterator[RunlineStore]:
    async with nothing_leaks(), open_memory(shelf, clock, index=index_by()) as store:
        yield store


async def count(store: RunlineStore, table: str = "{items}") -> int:
    ((number,),) = await execute(store, f"SELECT count(*) FROM {table}")
    return int(number)


async def test_an_item_lives_for_its_minutes_and_no_longer(store: RunlineStore, clock: HandClock) -> None:
    await store.aput(A, "short", {"text": "red"}, ttl=0.5)
    await store.aput(A, "long", {"text": "red"}, ttl=60)
    await store.aput(A, "for good", {"text": "red"})
    clock.pass_minutes(0.4)
    assert await store.aget(A, "short", refresh_ttl=False)
    clock.pass_minutes(0.2)

    assert await store.aget(A, "short") is None
    assert keys(await store.asearch(A)) == ["for good", "long"]
    assert keys(await store.asearch(A, filter={"text": "red"})) == ["for good", "long"]
    assert keys(await store.asearch(A, query="red")) == ["for good", "long"]
    clock.pass_minutes(10**6)
    assert keys(await store.asearch(A)) == ["for good"]


async def test_a_namespace_whose_items_have_expired_is_not_listed(store: RunlineStore, clock: HandClock) -> None:
    await store.aput(A, "k", {}, ttl=1)
    assert await store.alist_namespaces() == [A]
    clock.pass_minutes(2)
    assert await store.alist_namespaces() == []


async def test_reading_an_item_renews_its_time(store: RunlineStore, clock: HandClock) -> None:
    for key in ("got", "found", "peeked at", "left alone"):
        await store.aput(A, key, {"key": key}, ttl=1)
    clock.pass_minutes(0.75)
    await store.aget(A, "got")
    await store.asearch(A, filter={"key": "found"})
    await store.aget(A, "peeked at", refresh_ttl=False)
    await store.asearch(A, refresh_ttl=False)
    clock.pass_minutes(0.75)
    assert keys(await store.asearch(A)) == ["found", "got"]


async def test_whether_reading_renews_is_for_the_store_to_say_unless_the_reader_does(
    shelf: Shelf, clock: HandClock
) -> None:
    spec = StoreSpec(refresh_on_read=False)
    async with nothing_leaks(), open_memory(shelf, clock, spec) as store:
        for key in ("read", "renewed"):
            await store.aput(A, key, {}, ttl=1)
        clock.pass_minutes(0.75)
        await store.aget(A, "read")
        await store.aget(A, "renewed", refresh_ttl=True)
        clock.pass_minutes(0.75)
        assert keys(await store.asearch(A)) == ["renewed"]


async def test_the_stores_default_holds_unless_the_item_has_its_own(shelf: Shelf, clock: HandClock) -> None:
    spec = StoreSpec(default_ttl_minutes=1)
    async with nothing_leaks(), open_memory(shelf, clock, spec) as store:
        await store.aput(A, "default", {})
        await store.aput(A, "its own", {}, ttl=5)
        await store.aput(A, "for good", {}, ttl=None)
        clock.pass_minutes(2)
        assert keys(await store.asearch(A)) == ["for good", "its own"]
        clock.pass_minutes(6)
        assert keys(await store.asearch(A)) == ["for good"]


async def test_an_item_that_is_put_again_has_a_new_time(store: RunlineStore, clock: HandClock) -> None:
    await store.aput(A, "longer", {}, ttl=1)
    await store.aput(A, "for good", {}, ttl=1)
    clock.pass_minutes(0.5)
    await store.aput(A, "longer", {}, ttl=1)
    await store.aput(A, "for good", {})
    clock.pass_minutes(0.75)
    assert keys(await store.asearch(A)) == ["for good", "longer"]


async def test_an_item_that_is_put_after_it_expired_is_a_new_one(store: RunlineStore, clock: HandClock) -> None:
    await store.aput(A, "k", {}, ttl=1)
    clock.pass_minutes(2)
    await store.aput(A, "k", {})
    item = await store.aget(A, "k")
    assert item
    assert item.created_at == item.updated_at > HandClock().time


async def test_a_time_beyond_the_calendar_never_comes(store: RunlineStore, clock: HandClock) -> None:
    await store.aput(A, "k", {}, ttl=1e300)
    clock.pass_minutes(10**8)
    assert await store.aget(A, "k")


async def test_sweeping_frees_the_space_of_what_has_expired(store: RunlineStore, clock: HandClock) -> None:
    for number in range(2100):
        await store.aput(A, str(number), {"text": "red"}, index=None if number < 5 else False, ttl=1)
    await store.aput(A, "stays", {"text": "red"}, ttl=5)
    assert await store.sweep_ttl() == 0
    clock.pass_minutes(2)
    assert await store.sweep_ttl() == 2100
    assert (await count(store), await count(store, "{vectors}")) == (1, 1)
    assert keys(await store.asearch(A)) == ["stays"]
