"""Exercises for `client.threads`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from langgraph_sdk.errors import NotFoundError

from clients.python.sdk import Sdk
from fundamentals.reading import log, log_of, names


def made(sdk: Sdk, **asked: Any) -> str:
    """A new thread."""
    return str(sdk.call("threads.create", **asked)["thread_id"])


def used(sdk: Sdk) -> str:
    """A thread after a run of three steps."""
    thread_id = made(sdk)
    sdk.call("runs.wait", thread_id, "steps", input=log("zero"))
    return thread_id


def create(sdk: Sdk) -> None:
    thread_id = str(uuid4())
    for _ in range(2):
        thread = sdk.call("threads.create", thread_id=thread_id, metadata={"a": 1}, if_exists="do_nothing")
    assert (thread["thread_id"], thread["metadata"], thread["status"]) == (thread_id, {"a": 1}, "idle")


def create_with_ttl(sdk: Sdk) -> None:
    thread_id = made(sdk, ttl=5)
    assert sdk.call("threads.get", thread_id, include=["ttl"])["ttl"]["ttl_minutes"] == 5


def create_with_supersteps(sdk: Sdk) -> None:
    steps = [{"updates": [{"values": log(word), "as_node": node}]} for word, node in (("a", "__start__"), ("b", "one"))]
    thread_id = made(sdk, graph_id="steps", supersteps=steps)
    assert log_of(sdk.call("threads.get_state", thread_id)["values"]) == ["a", "b"]


def get(sdk: Sdk) -> None:
    thread = sdk.call("threads.get", used(sdk))
    assert (thread["status"], log_of(thread["values"])) == ("idle", ["zero", "one", "two", "three"])


def update(sdk: Sdk) -> None:
    thread_id = made(sdk, metadata={"a": 1})
    assert sdk.call("threads.update", thread_id, metadata={"b": 2})["metadata"] == {"a": 1, "b": 2}
    assert sdk.call("threads.update", thread_id, metadata={"c": 3}, return_minimal=True) is None


def update_ttl(sdk: Sdk) -> None:
    thread_id = made(sdk)
    sdk.call("threads.update", thread_id, metadata={}, ttl=7)
    assert sdk.call("threads.get", thread_id, include=["ttl"])["ttl"]["ttl_minutes"] == 7


def delete(sdk: Sdk) -> None:
    thread_id = used(sdk)
    sdk.call("threads.delete", thread_id)
    with pytest.raises(NotFoundError):
        sdk.call("threads.get", thread_id)


def search(sdk: Sdk) -> None:
    thread_ids = [made(sdk, metadata={"search": "me"}) for _ in range(2)]
    options = {"ids": thread_ids, "sort_by": "created_at", "sort_order": "asc", "select": ["thread_id"]}
    found = sdk.call("threads.search", metadata={"search": "me"}, status="idle", **options)
    assert found == [{"thread_id": thread_id} for thread_id in thread_ids]


def search_and_extract(sdk: Sdk) -> None:
    (found,) = sdk.call("threads.search", ids=[used(sdk)], extract={"last": "values.log[-1]"})
    assert found["extracted"] == {"last": "three"}


def count(sdk: Sdk) -> None:
    mark = {"mark": str(uuid4())}
    made(sdk, metadata=mark)
    assert sdk.call("threads.count", metadata=mark, status="idle") == 1


def copy(sdk: Sdk) -> None:
    thread_id = used(sdk)
    copied = sdk.call("threads.copy", thread_id)["thread_id"]
    assert copied != thread_id
    states = [sdk.call("threads.get_state", one)["values"] for one in (thread_id, copied)]
    assert states[0] == states[1]


def prune(sdk: Sdk) -> None:
    thread_id = used(sdk)
    assert sdk.call("threads.prune", [thread_id], strategy="keep_latest") == {"pruned_count": 1}
    assert len(sdk.call("threads.get_history", thread_id)) == 1


def get_state(sdk: Sdk) -> None:
    thread_id = used(sdk)
    state = sdk.call("threads.get_state", thread_id, subgraphs=True)
    assert log_of(state["values"])[-1] == "three"
    parent = state["parent_checkpoint"]
    by_id = sdk.call("threads.get_state", thread_id, checkpoint_id=parent["checkpoint_id"])
    assert sdk.call("threads.get_state", thread_id, checkpoint=parent) == by_id
    assert by_id["next"] == ["three"]


def update_state(sdk: Sdk) -> None:
    thread_id = used(sdk)
    made_by_hand = sdk.call("threads.update_state", thread_id, log("by hand"), as_node="one")
    state = sdk.call("threads.get_state", thread_id)
    assert state["checkpoint"]["checkpoint_id"] == made_by_hand["checkpoint"]["checkpoint_id"]
    assert (log_of(state["values"])[-1], state["next"]) == ("by hand", ["two"])


def get_history(sdk: Sdk) -> None:
    thread_id = used(sdk)
    newest = sdk.call("threads.get_history", thread_id, limit=2, metadata={"source": "loop"})
    assert [state["next"] for state in newest] == [[], ["three"]]
    (before,) = sdk.call("threads.get_history", thread_id, limit=1, before=newest[-1]["checkpoint"])
    assert before["next"] == ["two"]


def join_stream(sdk: Sdk) -> None:
    """Replayed from the beginning, for nothing will happen on it any more; the stream itself has no end."""
    parts = sdk.take(6, "threads.join_stream", used(sdk), last_event_id="-", stream_mode="run_modes")
    assert names(parts) == ["metadata", *["values"] * 4, "metadata"]
    assert log_of(parts[1].data) == ["zero"]


def stream(sdk: Sdk) -> None:
    assert log_of(sdk.run_by_stream(assistant_id="steps")) == ["one", "two", "three"]


EXERCISES = {
    "create": create,
    "create(ttl)": create_with_ttl,
    "create(supersteps)": create_with_supersteps,
    "get": get,
    "update": update,
    "update(ttl)": update_ttl,
    "delete": delete,
    "search": search,
    "search(extract)": search_and_extract,
    "count": count,
    "copy": copy,
    "prune": prune,
    "get_state": get_state,
    "update_state": update_state,
    "get_history": get_history,
    "join_stream": join_stream,
    "stream": stream,
}
