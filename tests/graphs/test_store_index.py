"""Searching by meaning: what is embedded, who is found, and what becomes of an embedding that fails."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphs.memory import HandClock, Lengths, Shelf, count_colours, index_by, keys, open_memory
from kit.leaks import nothing_leaks
from kit.waiting import wait_until
from runline.errors import ConfigError, Unavailable
from runline.graphs.store import RunlineStore
from runline.graphs.store_index import load_index
from runline.graphs.store_spec import IndexSpec

A = ("a",)


@pytest.fixture
async def store(shelf: Shelf) -> AsyncIterator[RunlineStore]:
    async with nothing_leaks(), open_memory(shelf, HandClock(), index=index_by()) as store:
        yield store


async def test_the_nearest_is_found_first_with_its_score(store: RunlineStore) -> None:
    for key, text in {"blue": "blue", "mixed": "red green", "red": "red red", "none": "nothing"}.items():
        await store.aput(A, key, {"text": text})
    found = await store.asearch(A, query="red")
    assert [(item.key, round(item.score or 0, 3)) for item in found] == [
        ("red", 1.0),
        ("mixed", 0.707),
        ("none", 0.0),
        ("blue", 0.0),
    ]
    assert keys(await store.asearch(A, query="blue", limit=1)) == ["blue"]
    assert keys(await store.asearch(A, query="red", filter={"text": "blue"})) == ["blue"]
    assert [item.score for item in await store.asearch(A)] == [None] * 4


async def test_what_has_no_vectors_comes_last_and_without_score(store: RunlineStore) -> None:
    """As on the official server."""
    await store.aput(A, "far", {"text": "blue"})
    await store.aput(A, "not indexed", {"text": "red"}, index=False)
    await store.aput(A, "no such field", {"other": "red"})
    found = await store.asearch(A, query="red")
    assert [(item.key, item.score) for item in found] == [("far", 0.0), ("no such field", None), ("not indexed", None)]


async def test_an_item_is_as_near_as_the_nearest_of_its_texts(store: RunlineStore) -> None:
    await store.aput(A, "mixed", {"text": "red green"})
    await store.aput(A, "listed", {"tags": [{"t": "blue"}, {"t": "red"}]}, index=["tags[*].t", "missing", "x["])
    assert keys(await store.asearch(A, query="red")) == ["listed", "mixed"]


async def test_pages_of_a_search_by_meaning_meet_without_gap_or_repeat(store: RunlineStore) -> None:
    for number in range(12):
        await store.aput(A, str(number), {"text": ["red"] * (number + 1) + ["blue"]} if number % 3 else {})
    whole = keys(await store.asearch(A, query="red", limit=100))
    pages = [keys(await store.asearch(A, query="red", limit=2, offset=at)) for at in range(0, 14, 2)]
    assert [key for page in pages for key in page] == whole
    assert sorted(whole) == sorted(str(number) for number in range(12))


async def test_an_item_that_is_put_again_is_found_by_what_it_is_not_by_what_it_was(store: RunlineStore) -> None:
    await store.aput(A, "changed", {"text": "red"})
    await store.aput(A, "changed", {"text": "blue"})
    await store.aput(A, "hidden", {"text": "red"})
    await store.aput(A, "hidden", {"text": "red"}, index=False)
    await store.aput(A, "deleted", {"text": "red"})
    await store.adelete(A, "deleted")
    await store.aput(A, "deleted", {})
    found = {item.key: item.score for item in await store.asearch(A, query="red")}
    assert found == {"changed": 0.0, "hidden": None, "deleted": None}


async def test_an_embedding_that_fails_fails_its_own_call_alone_and_keeps_nothing(store: RunlineStore) -> None:
    results = await asyncio.gather(
        store.aput(A, "bad", {"text": "fail"}), store.aput(A, "good", {"text": "red"}), return_exceptions=True
    )
    assert isinstance(results[0], Unavailable)
    assert str(results[0]) == "The embedding function of the store failed: ValueError"
    assert results[1] is None
    with pytest.raises(Unavailable):
        await store.asearch(A, query="fail")
    assert keys(await store.asearch(A)) == ["good"]


async def test_vectors_of_another_length_are_refused(shelf: Shelf) -> None:
    async with open_memory(shelf, HandClock(), index=index_by(dims=3)) as store:
        with pytest.raises(Unavailable, match="must return 1 vectors of 3 numbers"):
            await store.aput(A, "k", {"text": "red"})


async def test_nobody_waits_for_an_embedding_but_who_asked(shelf: Shelf) -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(texts: list[str]) -> list[list[float]]:
        entered.set()
        release.wait(10)
        return count_colours(texts)

    async with nothing_leaks(), open_memory(shelf, HandClock(), index=index_by(slow)) as store:
        putting = asyncio.create_task(store.aput(A, "slow", {"text": "red"}))
        await wait_until(entered.is_set)
        await store.aput(A, "quick", {})
        assert keys(await store.asearch(A)) == ["quick"]
        release.set()
        await putting
        assert keys(await store.asearch(A, query="red")) == ["slow", "quick"]


async def test_an_index_may_come_change_and_go(shelf: Shelf) -> None:
    """Items from before are found without a score until they are put again; their vectors never outlive them."""
    clock = HandClock()
    async with open_memory(shelf, clock) as store:
        await store.aput(A, "before", {"text": "red"})
    async with open_memory(shelf, clock, index=index_by()) as store:
        await store.aput(A, "indexed", {"text": "red"})
        await store.aput(A, "changed", {"text": "red"})
        assert keys(await store.asearch(A, query="red")) == ["changed", "indexed", "before"]
    async with open_memory(shelf, clock) as store:
        await store.aput(A, "changed", {"text": "blue"})
        assert [item.score for item in await store.asearch(A, query="red")] == [None] * 3
    async with open_memory(shelf, clock, index=index_by()) as store:
        scores = {item.key: item.score for item in await store.asearch(A, query="red")}
        assert scores == {"indexed": 1.0, "changed": None, "before": None}
    other = index_by(Lengths(7), dims=7)
    async with open_memory(shelf, clock, index=other) as store:
        assert [item.score for item in await store.asearch(A, query="red")] == [None] * 3


async def test_embeddings_may_be_functions_of_either_kind_or_objects(shelf: Shelf) -> None:
    async def embed(texts: list[str]) -> list[list[float]]:
        return count_colours(texts)

    for kind in (count_colours, embed, Lengths(4)):
        async with open_memory(shelf, HandClock(), index=index_by(kind, "$")) as store:
            await store.aput(A, "k", {"text": "red"})
            (item,) = await store.asearch(A, query='{"text": "red"}')
            assert item.score is not None


def test_the_function_is_imported_from_a_file_or_a_module(tmp_path: Path) -> None:
    (tmp_path / "embed.py").write_text("def colours(texts):\n    return [[1.0]] * len(texts)\n")
    for embed in ("./embed.py:colours", "graphs.memory:count_colours"):
        index = load_index(IndexSpec(1, embed), tmp_path)
        assert len(index.embeddings.embed_documents(["red", "blue"])) == 2


@pytest.mark.parametrize("embed", ["./missing.py:f", "./embed.py:missing", "no.such:module", "nobody:model"])
def test_an_embedding_that_cannot_be_made_is_named_with_its_reason(tmp_path: Path, embed: str) -> None:
    (tmp_path / "embed.py").touch()
    with pytest.raises(ConfigError, match=f"^'store.index.embed' is {embed}"):
        load_index(IndexSpec(1, embed), tmp_path)


@pytest.mark.parametrize("embed", ["openai:text-embedding-3-small", "bedrock:amazon.titan-embed-text-v2:0"])
def test_a_model_of_a_provider_is_left_to_langchain(tmp_path: Path, embed: str) -> None:
    """Which is not installed here, and says so."""
    with pytest.raises(ConfigError, match="langchain is not installed"):
        load_index(IndexSpec(1, embed), tmp_path)
