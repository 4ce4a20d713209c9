"""Memory across threads: graphs and clients see the same store, whose settings stand in langgraph.json."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from gateway import GRAPHS, Gateway, serving, wait_until

KEPT = ["by context", "by parameter", "by runtime"]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One whose store has an index that counts colours, and a default time to live."""
    folder = tmp_path_factory.mktemp("remembering")
    with serving(folder / "data", graphs=GRAPHS.with_name("remembering.json")) as own:
        yield own


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[LangGraphClient]:
    async with get_client(url=gateway.url) as connected:
        yield connected


async def keys(client: LangGraphClient, *labels: str, **wanted: object) -> list[str]:
    found = await client.store.search_items(labels, **wanted)  # type: ignore[arg-type]
    return [item["key"] for item in found["items"]]


async def test_every_node_gets_the_store_and_clients_see_what_it_keeps(client: LangGraphClient) -> None:
    """By a parameter, by the runtime and by the context; in a subgraph and in a thread; with and without a thread."""
    result = await client.runs.wait(None, "notes", input={"note": "red"})
    assert result == {"note": "red", "seen": KEPT}
    assert sorted(await keys(client, "notes")) == KEPT

    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "notes", input={"note": "blue"})
    item = await client.store.get_item(["notes"], "by context")
    assert item["value"] == {"text": "blue"}


async def test_a_graph_remembers_what_a_client_has_put(client: LangGraphClient) -> None:
    await client.store.put_item(["notes"], "from outside", {"text": "green"})
    result = await client.runs.wait(None, "notes", input={"note": "red"})
    assert result["seen"] == [*KEPT, "from outside"]  # type: ignore[call-overload]
    await client.store.delete_item(["notes"], "from outside")


async def test_a_factory_gets_the_store_whatever_its_graph_is_made_for(client: LangGraphClient) -> None:
    thread = await client.threads.create()
    await client.runs.wait(thread["thread_id"], "made", input={"note": "red"})
    await client.threads.get_state(thread["thread_id"])
    await client.assistants.get_schemas(await assistant_of(client, "made"))

    made_for = {"threads.create_run", "threads.read", "assistants.read"}
    assert set(await keys(client, "factory")) == made_for


async def assistant_of(client: LangGraphClient, graph_id: str) -> str:
    (assistant,) = await client.assistants.search(graph_id=graph_id)
    return assistant["assistant_id"]


async def test_items_are_found_by_meaning(client: LangGraphClient) -> None:
    """By the embedding function that langgraph.json names; those that are not indexed come last."""
    for key, text in {"sky": "blue blue", "mixed": "red blue", "rose": "red"}.items():
        await client.store.put_item(["things"], key, {"text": text})
    await client.store.put_item(["things"], "hidden", {"text": "red"}, index=False)
    await client.store.put_item(["things"], "other field", {"name": "red"}, index=["name"])

    found = (await client.store.search_items(["things"], query="red"))["items"]

    scores = [(item["key"], item["score"] and round(item["score"], 2)) for item in found]
    assert scores == [("other field", 1.0), ("rose", 1.0), ("mixed", 0.71), ("sky", 0.0), ("hidden", None)]
    assert await keys(client, "things", query="red", limit=1, offset=1) == ["rose"]
    assert await keys(client, "things", query="blue", filter={"text": {"$ne": "blue blue"}}, limit=1) == ["mixed"]


async def test_an_item_lives_as_long_as_its_ttl_says(client: LangGraphClient) -> None:
    """In minutes; without one, the default of the store. Once it has expired it is gone, and soon swept as well."""
    place = str(uuid4())
    await client.store.put_item([place], "hour", {})
    await client.store.put_item([place], "moment", {}, ttl=0.005)  # type: ignore[arg-type]

    async def is_gone() -> bool:
        return await client.store.get_item([place], "moment", refresh_ttl=False) is None

    await wait_until(is_gone)
    assert await keys(client, place) == ["hour"]
    kept: Any = {"namespace": [place], "key": "for good", "value": {}, "ttl": None}
    await client.http.put("/store/items", json=kept)
    assert await keys(client, place) == ["for good", "hour"]


async def test_graphs_and_clients_write_at_once_without_locking_each_other_out(client: LangGraphClient) -> None:
    place = str(uuid4())
    runs = [client.runs.wait(None, "notes", input={"note": "red"}) for _ in range(20)]
    puts = [client.store.put_item([place], str(number), {"text": "blue"}) for number in range(50)]

    results = (await asyncio.gather(*runs, *puts))[:20]

    assert [result["seen"] for result in results] == [KEPT] * 20
    assert len(await keys(client, place, limit=100)) == 50


async def test_items_survive_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("killed")
    with serving(folder / "data", graphs=GRAPHS.with_name("remembering.json")) as own:
        async with get_client(url=own.url) as client:
            await client.runs.wait(None, "notes", input={"note": "red"})
            own.kill()
            own.start()
            assert sorted(await keys(client, "notes")) == KEPT
            assert await keys(client, "notes", query="red", filter={"text": "blue"}) == []
