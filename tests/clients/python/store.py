"""Exercises for `client.store`."""

from __future__ import annotations

from uuid import uuid4

from clients.python.sdk import Sdk


def put(sdk: Sdk, *path: str) -> list[str]:
    """Put two items, and return their namespace."""
    namespace = ["clients", str(uuid4()), *path]
    for number, key in enumerate(("first", "second")):
        sdk.call("store.put_item", namespace, key, {"number": number}, index=False, ttl=60)
    return namespace


def get_item(sdk: Sdk) -> None:
    namespace = put(sdk)
    item = sdk.call("store.get_item", namespace, "second", refresh_ttl=True)
    assert (item["namespace"], item["value"]) == (namespace, {"number": 1})


def delete_item(sdk: Sdk) -> None:
    namespace = put(sdk)
    sdk.call("store.delete_item", namespace, "first")
    assert sdk.call("store.get_item", namespace, "first") is None


def search_items(sdk: Sdk) -> None:
    found = sdk.call("store.search_items", put(sdk), filter={"number": {"$gte": 1}}, limit=5)
    assert [item["key"] for item in found["items"]] == ["second"]


def list_namespaces(sdk: Sdk) -> None:
    namespace = put(sdk, "deep", "down")
    found = sdk.call("store.list_namespaces", prefix=namespace[:2], suffix=["down"], max_depth=3)
    assert found["namespaces"] == [namespace[:3]]


EXERCISES = {
    "put_item": get_item,
    "get_item": get_item,
    "delete_item": delete_item,
    "search_items": search_items,
    "list_namespaces": list_namespaces,
}
