"""Exercises for `client.assistants`."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph_sdk.errors import NotFoundError

from clients.python.sdk import Sdk


def made(sdk: Sdk, **asked: Any) -> Any:
    """A new assistant of `tuned`."""
    return sdk.call("assistants.create", "tuned", **{"name": "Ada", "metadata": {"by": "clients"}, **asked})


def create(sdk: Sdk) -> None:
    assistant = made(sdk, context={"gate": ""}, description="Counts")
    assert assistant["version"] == 1
    assert assistant["description"] == "Counts"


def get(sdk: Sdk) -> None:
    assistant = made(sdk)
    assert sdk.call("assistants.get", assistant["assistant_id"]) == assistant


def update(sdk: Sdk) -> None:
    changed = sdk.call("assistants.update", made(sdk)["assistant_id"], name="Grace", metadata={"more": 1})
    assert (changed["name"], changed["version"]) == ("Grace", 2)
    assert changed["metadata"] == {"by": "clients", "more": 1}


def delete(sdk: Sdk) -> None:
    assistant_id = made(sdk)["assistant_id"]
    sdk.call("assistants.delete", assistant_id)
    with pytest.raises(NotFoundError):
        sdk.call("assistants.get", assistant_id)


def search(sdk: Sdk) -> None:
    name = made(sdk, metadata={"search": "me"})["name"]
    found = sdk.call("assistants.search", metadata={"search": "me"}, limit=1, response_format="object")
    assert [assistant["name"] for assistant in found["assistants"]] == [name]


def count(sdk: Sdk) -> None:
    before = sdk.call("assistants.count", graph_id="tuned", metadata={"by": "clients"})
    made(sdk)
    assert sdk.call("assistants.count", graph_id="tuned", metadata={"by": "clients"}) == before + 1


def get_versions(sdk: Sdk) -> None:
    assistant_id = made(sdk)["assistant_id"]
    sdk.call("assistants.update", assistant_id, name="Grace")
    assert [row["version"] for row in sdk.call("assistants.get_versions", assistant_id)] == [2, 1]


def set_latest(sdk: Sdk) -> None:
    assistant_id = made(sdk)["assistant_id"]
    sdk.call("assistants.update", assistant_id, name="Grace")
    assert sdk.call("assistants.set_latest", assistant_id, 1)["name"] == "Ada"


def get_graph(sdk: Sdk) -> None:
    graph = sdk.call("assistants.get_graph", "family", xray=True)
    assert {"__start__", "child:prepare", "child:ask", "act"} <= {node["id"] for node in graph["nodes"]}


def get_schemas(sdk: Sdk) -> None:
    schemas = sdk.call("assistants.get_schemas", made(sdk)["assistant_id"])
    assert schemas["graph_id"] == "tuned"
    assert "gate" in schemas["context_schema"]["properties"]


def get_subgraphs(sdk: Sdk) -> None:
    (family,) = sdk.call("assistants.search", graph_id="family", metadata={"created_by": "system"})
    assert set(sdk.call("assistants.get_subgraphs", family["assistant_id"], recurse=True)) == {"child"}


EXERCISES = {
    "create": create,
    "get": get,
    "update": update,
    "delete": delete,
    "search": search,
    "count": count,
    "get_versions": get_versions,
    "set_latest": set_latest,
    "get_graph": get_graph,
    "get_schemas": get_schemas,
    "get_subgraphs": get_subgraphs,
}
