"""The store: long-term memory, which outlives threads and is shared by clients and graphs.

An item is a JSON object under a key in a namespace, which is a path of labels.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from gateway import serving


@pytest.fixture
def user() -> str:
    """A label that nobody else on the shared gateway uses."""
    return f"user-{uuid4()}"


async def test_an_item_is_put_read_changed_and_deleted(client: LangGraphClient, user: str) -> None:
    before = datetime.now(UTC)
    await client.store.put_item([user, "facts"], "name", {"first": "Ada", "born": 1815})

    item = await client.store.get_item([user, "facts"], "name")
    assert (item["namespace"], item["key"]) == ([user, "facts"], "name")
    assert item["value"] == {"first": "Ada", "born": 1815}
    created_at = datetime.fromisoformat(str(item["created_at"]))
    assert before < created_at == datetime.fromisoformat(str(item["updated_at"])) < datetime.now(UTC)

    await client.store.put_item([user, "facts"], "name", {"first": "Grace"})
    changed = await client.store.get_item([user, "facts"], "name")
    assert changed["value"] == {"first": "Grace"}
    assert changed["updated_at"] > changed["created_at"] == item["created_at"]

    await client.store.delete_item([user, "facts"], "name")
    assert await client.store.get_item([user, "facts"], "name") is None
    await client.store.delete_item([user, "facts"], "name")


async def test_items_are_found_by_their_namespace_and_by_what_is_in_them(client: LangGraphClient, user: str) -> None:
    for key, age in {"a": 20, "b": 30, "c": 40}.items():
        await client.store.put_item([user, "people"], key, {"age": age, "home": {"town": "Oslo"}})
    await client.store.put_item([user, "pets"], "d", {"kind": "cat"})

    async def find(*labels: str, **wanted: object) -> list[str]:
        found = await client.store.search_items([user, *labels], **wanted)  # type: ignore[arg-type]
        assert [item["score"] for item in found["items"]] == [None] * len(found["items"])
        return [item["key"] for item in found["items"]]

    assert await find() == ["d", "c", "b", "a"]
    assert await find("people") == ["c", "b", "a"]
    assert await find("people", limit=1, offset=1) == ["b"]
    assert await find(filter={"age": 30}) == ["b"]
    assert await find(filter={"age": {"$gte": 30, "$ne": 40}}) == ["b"]
    assert await find(filter={"home": {"town": "Oslo"}, "age": {"$lt": 25}}) == ["a"]
    assert await find(filter={"age": {"$gt": 0}}) == ["c", "b", "a"], "the cat has no age, and that is no error"
    assert await find(query="who is it?") == ["d", "c", "b", "a"], "without an index a query changes nothing"
    assert await find("nobody") == []


async def test_namespaces_are_listed(client: LangGraphClient, user: str) -> None:
    for labels in (["a", "x"], ["a", "y"], ["b"], ["a", "x", "deep"]):
        await client.store.put_item([user, *labels], "k", {})

    async def under(**wanted: object) -> list[list[str]]:
        answer = await client.store.list_namespaces(**{"prefix": [user], **wanted})  # type: ignore[arg-type]
        return [namespace[1:] for namespace in answer["namespaces"]]

    assert await under() == [["a", "x"], ["a", "x", "deep"], ["a", "y"], ["b"]]
    assert await under(max_depth=2) == [["a"], ["b"]]
    assert await under(suffix=["x"]) == [["a", "x"]]
    assert await under(prefix=[user, "*", "y"]) == [["a", "y"]]
    assert await under(limit=1, offset=1) == [["a", "x", "deep"]]


async def test_what_no_item_can_be_called_is_refused(http: httpx.AsyncClient) -> None:
    async def put(namespace: list[str], key: str = "k") -> tuple[int, str]:
        answer = await http.put("/store/items", json={"namespace": namespace, "key": key, "value": {}})
        return answer.status_code, answer.json()["detail"]

    label = "Namespace label '{}' must be a non-empty string without periods"
    assert await put([]) == (400, "Namespace cannot be empty.")
    assert await put(["langgraph", "x"]) == (
        400,
        "Root label for namespace cannot be \"langgraph\". Got: ('langgraph', 'x')",
    )
    assert await put(["a.b"]) == (422, label.format("a.b"))
    assert await put(["a", ""]) == (422, label.format(""))
    assert (await put(["a"], "x" * 5000))[0] == 422
    missing = await http.get("/store/items", params={"namespace": "a"})
    assert (missing.status_code, missing.json()) == (400, {"detail": "Key is required"})
    unknown = await http.post("/store/items/search", json={"filter": {"x": {"$bad": 1}}})
    assert (unknown.status_code, unknown.json()) == (400, {"detail": "Unsupported operator: $bad"})


async def test_a_value_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path / "data", {"RUNLINE_LIMITS__MAX_ITEM_BYTES": "100"}) as gateway:
        async with get_client(url=gateway.url) as client:
            with pytest.raises(httpx.HTTPStatusError, match="must not be larger than 100 bytes"):
                await client.store.put_item(["a"], "k", {"text": "x" * 100})
            assert await client.store.search_items([]) == {"items": []}


async def test_many_clients_write_at_once_and_nothing_is_lost(client: LangGraphClient, user: str) -> None:
    await asyncio.gather(*(client.store.put_item([user], str(number), {"n": number}) for number in range(100)))

    found = await client.store.search_items([user], limit=1000)
    assert sorted(item["value"]["n"] for item in found["items"]) == list(range(100))
