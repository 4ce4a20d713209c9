"""Threads: where the state of a conversation lives."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import ConflictError, NotFoundError

from fundamentals.gate import Gate
from fundamentals.reading import log, log_of

Mark = dict[str, str]


async def test_a_new_thread_is_idle_and_empty(client: LangGraphClient) -> None:
    """A thread costs nothing until something runs on it."""
    thread = await client.threads.create()

    assert thread["status"] == "idle"
    assert thread["values"] is None
    assert thread["metadata"] == {}
    assert await client.threads.get(thread["thread_id"]) == thread


async def test_a_thread_can_have_an_id_of_the_clients_choice(client: LangGraphClient) -> None:
    """So that an application's own conversation id can be the thread's; letter case does not matter."""
    chosen = str(uuid4())
    thread = await client.threads.create(thread_id=chosen.upper())

    assert thread["thread_id"] == chosen
    assert (await client.threads.get(chosen.upper()))["thread_id"] == chosen


async def test_creating_a_thread_that_exists_is_a_conflict(client: LangGraphClient, thread_id: str) -> None:
    with pytest.raises(ConflictError, match=f"Thread with ID {thread_id} already exists"):
        await client.threads.create(thread_id=thread_id)


async def test_creating_with_do_nothing_returns_the_thread_that_exists(client: LangGraphClient) -> None:
    """`if_exists="do_nothing"` means get-or-create: the existing thread is not changed."""
    first = await client.threads.create(metadata={"who": "first"})
    again = await client.threads.create(
        thread_id=first["thread_id"], metadata={"who": "second"}, if_exists="do_nothing"
    )

    assert again == first


async def test_nobody_but_its_runs_says_which_assistant_a_thread_has(client: LangGraphClient) -> None:
    """A claim to another one is left out of the metadata."""
    thread = await client.threads.create(metadata={"assistant_id": "another", "mine": 1})
    assert thread["metadata"] == {"mine": 1}
    await client.runs.wait(thread["thread_id"], "steps", input={"log": []})
    (run,) = await client.runs.list(thread["thread_id"])
    changed = await client.threads.update(thread["thread_id"], metadata={"assistant_id": "another", "mine": 2})
    assert changed["metadata"] == {"assistant_id": run["assistant_id"], "graph_id": "steps", "mine": 2}


async def test_metadata_is_merged_key_by_key(client: LangGraphClient) -> None:
    """An update names only what changes; null is a value like any other."""
    thread = await client.threads.create(metadata={"kept": 1, "changed": 1, "emptied": 1})
    updated = await client.threads.update(thread["thread_id"], metadata={"changed": 2, "emptied": None})

    assert updated["metadata"] == {"kept": 1, "changed": 2, "emptied": None}
    assert updated["updated_at"] > thread["updated_at"]


async def test_an_update_can_be_answered_with_nothing(client: LangGraphClient, thread_id: str) -> None:
    """`Prefer: return=minimal` saves the body."""
    answer = await client.http.patch(
        f"/threads/{thread_id}", json={"metadata": {"a": 1}}, headers={"Prefer": "return=minimal"}
    )

    assert answer is None
    assert (await client.threads.get(thread_id))["metadata"] == {"a": 1}


async def test_a_deleted_thread_is_gone_with_its_runs_and_state(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "steps", input=log())
    await client.runs.join(thread_id, run["run_id"])

    await client.threads.delete(thread_id)

    for ask in (client.threads.get, client.threads.get_state, client.threads.get_history, client.threads.delete):
        with pytest.raises(NotFoundError, match=f"Thread with ID {thread_id} not found"):
            await ask(thread_id)
    with pytest.raises(NotFoundError):
        await client.runs.get(thread_id, run["run_id"])


async def test_deleting_a_busy_thread_stops_its_run(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """The id can be used again at once, and what ran before does not write into the new thread."""
    await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()

    await client.threads.delete(thread_id)

    await client.threads.create(thread_id=thread_id)
    gate.open()
    assert (await client.threads.get(thread_id))["status"] == "idle"
    assert await client.threads.get_history(thread_id) == []


async def test_threads_are_found_by_metadata_newest_change_first(client: LangGraphClient, mark: Mark) -> None:
    """A filter matches what contains it, at any depth."""
    made = [await client.threads.create(metadata={**mark, "at": {"turn": turn, "x": 0}}) for turn in range(3)]
    await client.threads.update(made[0]["thread_id"], metadata={"touched": True})

    found = await client.threads.search(metadata=mark)

    assert [thread["thread_id"] for thread in found] == [made[turn]["thread_id"] for turn in (0, 2, 1)]
    assert await client.threads.count(metadata={**mark, "at": {"turn": 1}}) == 1
    assert await client.threads.count(metadata={**mark, "at": {"turn": 7}}) == 0


async def test_threads_are_found_by_what_their_state_holds(client: LangGraphClient, mark: Mark) -> None:
    for word in ("cat", "dog"):
        thread = await client.threads.create(metadata=mark)
        await client.runs.wait(thread["thread_id"], "steps", input=log(word))
    await client.threads.create(metadata=mark)

    found = await client.threads.search(metadata=mark, values={"log": ["dog"]})

    assert [log_of(thread["values"])[0] for thread in found] == ["dog"]


async def test_threads_are_found_by_status(client: LangGraphClient, mark: Mark, gate: Gate) -> None:
    """idle, busy, interrupted (waits for a person) and error are what an inbox is sorted by."""
    threads = {status: await client.threads.create(metadata=mark) for status in ("idle", "busy", "interrupted")}
    await client.runs.create(threads["busy"]["thread_id"], "steps", input=log(), context=gate.context)
    await client.runs.wait(threads["interrupted"]["thread_id"], "asks", input=log())

    for status in ("idle", "busy", "interrupted", "error"):
        found = await client.threads.search(metadata=mark, status=status)
        wanted = [threads[status]["thread_id"]] if status in threads else []
        assert [thread["thread_id"] for thread in found] == wanted


async def test_threads_are_found_by_their_ids(client: LangGraphClient, mark: Mark) -> None:
    made = [(await client.threads.create(metadata=mark))["thread_id"] for _ in range(3)]

    found = await client.threads.search(ids=[made[0], made[2], str(uuid4())], sort_by="created_at", sort_order="asc")

    assert [thread["thread_id"] for thread in found] == [made[0], made[2]]


async def test_a_search_can_ask_for_some_fields_only(client: LangGraphClient, mark: Mark) -> None:
    await client.threads.create(metadata=mark)

    found = await client.threads.search(metadata=mark, select=["thread_id", "status"])

    assert [sorted(thread) for thread in found] == [["status", "thread_id"]]


async def test_pages_say_the_true_total_and_where_the_next_one_begins(http: httpx.AsyncClient, mark: Mark) -> None:
    """The official server counts only up to the page; here X-Pagination-Total is the number of matches."""
    for _ in range(3):
        await http.post("/threads", json={"metadata": mark})

    first = await http.post("/threads/search", json={"metadata": mark, "limit": 2})
    last = await http.post("/threads/search", json={"metadata": mark, "limit": 2, "offset": 2})

    assert (len(first.json()), first.headers["x-pagination-total"], first.headers["x-pagination-next"]) == (2, "3", "2")
    assert (len(last.json()), last.headers["x-pagination-total"]) == (1, "3")
    assert "x-pagination-next" not in last.headers


async def copy_of(client: LangGraphClient, thread_id: str) -> Any:
    """The SDK's own `threads.copy` is typed as if it returned nothing."""
    return await client.http.post(f"/threads/{thread_id}/copy", json=None)


async def test_a_copy_has_the_state_and_the_past_but_not_the_runs(client: LangGraphClient, mark: Mark) -> None:
    thread = await client.threads.create(metadata=mark)
    await client.runs.wait(thread["thread_id"], "steps", input=log("original"))

    copy_id = (await copy_of(client, thread["thread_id"]))["thread_id"]

    original, copy = [await client.threads.get(known) for known in (thread["thread_id"], copy_id)]
    assert (copy["metadata"], copy["values"]) == (original["metadata"], original["values"])
    past, copied = [await client.threads.get_history(known) for known in (thread["thread_id"], copy_id)]
    assert [state["values"] for state in copied] == [state["values"] for state in past]
    assert await client.runs.list(copy_id) == []


async def test_a_copy_goes_its_own_way(client: LangGraphClient, thread_id: str) -> None:
    """Copying before a risky step leaves the original alone; deleting either spares the other."""
    await client.runs.wait(thread_id, "steps", input=log("a"))
    copy_id = (await copy_of(client, thread_id))["thread_id"]

    values = await client.runs.wait(copy_id, "steps", input=log("b"))
    assert log_of((await client.threads.get_state(thread_id))["values"]) == ["a", "one", "two", "three"]
    await client.threads.delete(thread_id)

    assert log_of(values) == ["a", "one", "two", "three", "b", "one", "two", "three"]
    assert log_of((await client.threads.get_state(copy_id))["values"]) == log_of(values)


async def test_a_copy_of_an_interrupted_thread_waits_for_its_own_answer(
    client: LangGraphClient, thread_id: str
) -> None:
    await client.runs.wait(thread_id, "asks", input=log())

    copy = await copy_of(client, thread_id)

    assert copy["status"] == "interrupted"
    values = await client.runs.wait(copy["thread_id"], "asks", command={"resume": "copy says yes"})
    assert log_of(values) == ["prepared", "answer: copy says yes", "acted"]
    assert (await client.threads.get(thread_id))["status"] == "interrupted"
