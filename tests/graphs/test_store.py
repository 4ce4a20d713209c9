"""RunlineStore, which graphs and clients share. Searching by meaning and times to live have files of their own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from langgraph.store.base import BaseStore, GetOp, InvalidNamespaceError, PutOp

from graphs.memory import HandClock, Shelf, execute, keys, open_memory
from kit.leaks import nothing_leaks
from runline.errors import BadRequest, Unavailable, Unreadable
from runline.graphs import items
from runline.graphs.sqlite_store import SqliteStore
from runline.graphs.store import RunlineStore

IN_SQLITE = pytest.mark.parametrize("shelf", ["sqlite"], indirect=True)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def store(shelf: Shelf, clock: HandClock) -> AsyncIterator[RunlineStore]:
    async with nothing_leaks(), open_memory(shelf, clock) as store:
        yield store


async def put_all(store: BaseStore, *names: str) -> None:
    """Put items called "namespace/key", one after the other."""
    for name in names:
        namespace, _, key = name.partition("/")
        await store.aput(tuple(namespace.split(".")), key, {"name": name})


async def test_an_item_is_read_as_it_was_put(store: RunlineStore) -> None:
    value = {"text": "ü\n", "number": 1.5, "none": None, "deep": [{"a": [1]}]}
    await store.aput(("users", "me"), "k", value)
    item = await store.aget(("users", "me"), "k")
    assert item
    assert (item.namespace, item.key, item.value) == (("users", "me"), "k", value)
    assert item.created_at == item.updated_at == datetime(2026, 1, 1, 0, 0, 0, 1, UTC)


async def test_an_item_that_is_put_again_keeps_the_time_of_its_creation(store: RunlineStore) -> None:
    await put_all(store, "a/k", "a/k")
    (item,) = await store.asearch(("a",))
    assert item.updated_at > item.created_at == datetime(2026, 1, 1, 0, 0, 0, 1, UTC)


async def test_a_value_that_is_not_json_is_kept_as_json(store: RunlineStore) -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    await store.aput(("a",), "k", {"moment": moment, "set": {1}, "half": "\ud800", "huge": 2**70, "nul": "\0"})
    item = await store.aget(("a",), "k")
    assert item
    assert (item.value["moment"], item.value["set"]) == ("2026-01-01T00:00:00+00:00", [1])


async def test_a_value_that_is_no_object_is_refused(store: RunlineStore) -> None:
    with pytest.raises(TypeError):
        await store.aput(("a",), "k", [1])  # type: ignore[arg-type]
    assert await store.aget(("a",), "k") is None


async def test_nothing_is_there_before_it_is_put_and_after_it_is_deleted(store: RunlineStore) -> None:
    assert await store.aget(("a",), "k") is None
    await store.adelete(("a",), "k")
    await put_all(store, "a/k")
    await store.adelete(("a",), "k")
    assert await store.aget(("a",), "k") is None
    assert await store.asearch(()) == []
    assert await store.alist_namespaces() == []


async def test_a_search_finds_what_is_in_and_below_a_namespace_the_newest_first(store: RunlineStore) -> None:
    await put_all(store, "u/1", "u.a/2", "ub/3", "u-/4", "U/5", "u.b.c/6", "u0/7", "u/8", "u/1")
    assert keys(await store.asearch(("u",))) == ["1", "8", "6", "2"]
    assert keys(await store.asearch(("u", "b"))) == ["6"]
    assert keys(await store.asearch(())) == ["1", "8", "7", "6", "5", "4", "3", "2"]
    assert [item.score for item in await store.asearch(("u",), query="what?")] == [None] * 4


@pytest.mark.parametrize("wildcard", ["*", "%", "_", "[a]", "?", "'"])
async def test_a_label_is_never_a_pattern_of_a_search(store: RunlineStore, wildcard: str) -> None:
    await put_all(store, "a/1", f"{wildcard}/2", f"{wildcard}.b/3")
    assert keys(await store.asearch((wildcard,))) == ["3", "2"]


@pytest.mark.parametrize("wanted", [None, {"even": True}], ids=["all", "filtered"])
async def test_pages_meet_without_gap_or_repeat(store: RunlineStore, wanted: dict[str, Any] | None) -> None:
    for number in range(20):
        await store.aput(("a",), str(number), {"even": number % 2 == 0})
    whole = keys(await store.asearch(("a",), filter=wanted, limit=100))
    pages = [keys(await store.asearch(("a",), filter=wanted, limit=3, offset=at)) for at in range(0, 21, 3)]
    assert [key for page in pages for key in page] == whole
    assert len(whole) == (10 if wanted else 20)


async def test_an_odd_filter_is_refused_and_fails_nobody_else(store: RunlineStore) -> None:
    await put_all(store, "a/1")
    found, refused, again = await asyncio.gather(
        store.asearch(("a",)), store.asearch(("a",), filter={"n": {"$bad": 1}}), store.aget(("a",), "1"),
        return_exceptions=True,
    )  # fmt: skip
    assert isinstance(refused, BadRequest)
    assert isinstance(found, list)
    assert not isinstance(again, BaseException)


async def test_namespaces_are_listed_sorted_by_label(store: RunlineStore) -> None:
    await put_all(store, "b/1", "a.b/1", "a-b/1", "a/1", "a/2", "a.b.c/1", "x.b/1")
    everything = [("a",), ("a", "b"), ("a", "b", "c"), ("a-b",), ("b",), ("x", "b")]
    assert await store.alist_namespaces() == everything
    assert await store.alist_namespaces(limit=2, offset=1) == everything[1:3]
    assert await store.alist_namespaces(prefix=("a",)) == everything[:3]
    assert await store.alist_namespaces(suffix=("b",)) == [("a", "b"), ("b",), ("x", "b")]
    assert await store.alist_namespaces(prefix=("*", "b")) == [("a", "b"), ("a", "b", "c"), ("x", "b")]
    assert await store.alist_namespaces(prefix=("a",), suffix=("*", "c")) == [("a", "b", "c")]
    assert await store.alist_namespaces(max_depth=1) == [("a",), ("a-b",), ("b",), ("x",)]
    assert await store.alist_namespaces(max_depth=2, limit=3) == [*everything[:2], ("a-b",)]


async def test_items_outlive_the_process(shelf: Shelf, clock: HandClock) -> None:
    for _ in range(2):
        async with nothing_leaks(), open_memory(shelf, clock) as store:
            await put_all(store, "a/1")
    async with open_memory(shelf, clock) as store:
        assert keys(await store.asearch(())) == ["1"]


async def test_operations_of_one_batch_are_one_transaction_in_order(store: RunlineStore) -> None:
    put, read, delete = PutOp(("a",), "1", {"n": 1}), GetOp(("a",), "1"), PutOp(("a",), "1", None)
    results = await store.abatch([read, put, read, delete, read])
    assert [item and item.value for item in results] == [None, None, {"n": 1}, None, None]
    with pytest.raises(InvalidNamespaceError):
        await store.abatch([put, PutOp(("a.b",), "1", {})])
    with pytest.raises(Exception, match="key"):
        await store.abatch([put, PutOp(("a",), None, {})])  # type: ignore[arg-type]
    assert await store.aget(("a",), "1") is None


async def test_nodes_in_threads_use_it_too(store: RunlineStore) -> None:
    def node() -> Any:
        store.put(("a",), "1", {"n": 1})
        (found,) = store.search(("a",), filter={"n": 1})
        store.delete(("a",), "1")
        return found.value, store.get(("a",), "1"), store.list_namespaces()

    assert await asyncio.to_thread(node) == ({"n": 1}, None, [])


async def test_many_writers_do_not_lock_each_other_out(store: RunlineStore) -> None:
    def in_thread(number: int) -> None:
        store.put(("threads",), str(number), {})

    await asyncio.gather(
        *(store.aput(("tasks",), str(number), {}) for number in range(50)),
        *(asyncio.to_thread(in_thread, number) for number in range(50)),
    )
    assert len(await store.asearch((), limit=1000)) == 100


@IN_SQLITE
async def test_a_search_that_takes_long_holds_up_nobody_who_puts_or_gets(store: SqliteStore) -> None:
    begun, over = threading.Event(), threading.Event()

    def search(_connection: sqlite3.Connection) -> None:
        begun.set()
        over.wait(10)

    searching = asyncio.create_task(store.connections.searching.run(search))
    await asyncio.to_thread(begun.wait)
    found = asyncio.create_task(store.asearch(()))

    await put_all(store, "a/1")
    assert await store.aget(("a",), "1")

    assert not found.done()
    over.set()
    await searching
    assert keys(await found) == ["1"]


@pytest.mark.parametrize("turns", range(0, 12, 2))
async def test_a_cancelled_put_is_there_wholly_or_not_at_all(store: RunlineStore, turns: int) -> None:
    putting = asyncio.create_task(store.aput(("a",), "1", {}))
    for _ in range(turns):
        await asyncio.sleep(0)
    putting.cancel()
    await asyncio.gather(putting, return_exceptions=True)
    await put_all(store, "a/2")
    assert "2" in keys(await store.asearch(()))


@IN_SQLITE
async def test_a_file_that_somebody_else_writes_is_unavailable_for_now(store: RunlineStore, tmp_path: Path) -> None:
    await put_all(store, "a/1")
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match=r"^The store cannot be read or stored now"):
            await put_all(store, "a/2")
        assert keys(await store.asearch(())) == ["1"]
    await put_all(store, "a/2")
    assert keys(await store.asearch(())) == ["2", "1"]


@pytest.mark.parametrize(("column", "poison"), [("value", "{"), ("value", "[]"), ("created_at", "yesterday")])
async def test_a_poisoned_item_breaks_itself_alone(store: RunlineStore, column: str, poison: str) -> None:
    await put_all(store, "a/1", "a/2")
    await execute(store, f"UPDATE {{items}} SET {column} = '{poison.replace('{', '{{')}' WHERE key = '1'")
    assert keys(await store.asearch(("a",))) == ["2"]
    assert keys(await store.asearch(("a",), filter={"missing": None})) == ["2"]
    with pytest.raises(Unreadable):
        await store.aget(("a",), "1")
    await store.adelete(("a",), "1")
    await put_all(store, "a/1")
    assert keys(await store.asearch(("a",))) == ["1", "2"]


@IN_SQLITE
@pytest.mark.parametrize("statement", [items._GET, items._SEARCH, items._NAMESPACES, items._RENEW, items._SWEEP])
async def test_every_statement_looks_up_what_it_needs_by_an_index(store: SqliteStore, statement: str) -> None:
    names = ("prefix", "key", "now", "most", "expires_at", "ttl")
    asked = dict.fromkeys(names, "1")
    plan = await store.conn.run(lambda raw: raw.execute(f"EXPLAIN QUERY PLAN {statement}", asked).fetchall())
    assert plan
    assert not [step for *_, step in plan if step.startswith("SCAN")]
