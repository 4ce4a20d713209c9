"""An assistant is deleted: its runs are stopped, and its threads stay unless they are to go as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError

from fundamentals.gate import Gate
from fundamentals.reading import log, log_of, status_of
from fundamentals.test_assistants import id_of
from gateway import Gateway, wait_until


@pytest.fixture
async def mine(client: LangGraphClient) -> str:
    """An assistant of the graph with three steps."""
    return (await client.assistants.create("steps"))["assistant_id"]


async def exists(client: LangGraphClient, thread_id: str) -> bool:
    try:
        await client.threads.get(thread_id)
    except NotFoundError:
        return False
    return True


async def test_threads_outlive_their_assistant(client: LangGraphClient, thread_id: str, mine: str) -> None:
    values = await client.runs.wait(thread_id, mine, input=log())

    await client.assistants.delete(mine)

    with pytest.raises(NotFoundError):
        await client.assistants.get(mine)
    assert (await client.threads.get_state(thread_id))["values"] == values
    (run,) = await client.runs.list(thread_id)
    assert (run["assistant_id"], run["status"]) == (mine, "success")
    with pytest.raises(NotFoundError, match="Thread or assistant not found"):
        await client.runs.create(thread_id, mine, input=log())
    assert log_of(await client.runs.wait(thread_id, "steps", input=log("again")))[-4:] == [
        "again",
        "one",
        "two",
        "three",
    ]


async def test_a_batch_with_an_assistant_that_was_deleted_makes_no_run(client: LangGraphClient, mine: str) -> None:
    """Though the gateway has just made a run of it."""
    await client.runs.wait(None, mine, input=log())
    await client.assistants.delete(mine)
    asked = {"input": log(), "metadata": {"batch": mine}, "on_completion": "keep"}
    batch: Any = [{"assistant_id": name, **asked} for name in ("steps", mine)]
    with pytest.raises(NotFoundError, match="Thread or assistant not found"):
        await client.runs.create_batch(batch)
    assert await client.threads.search(metadata={"batch": mine}) == []


async def test_active_runs_of_a_deleted_assistant_are_interrupted(
    client: LangGraphClient, thread_id: str, mine: str, gate: Gate
) -> None:
    """The running one and those behind it, but nobody else's."""
    asked: Any = {"input": log(), "context": gate.context}
    running = await client.runs.create(thread_id, mine, **asked)
    await gate.reached()
    waiting = [await client.runs.create(thread_id, assistant, **asked) for assistant in (mine, "steps")]

    await client.assistants.delete(mine)

    async def statuses() -> list[str]:
        return [await status_of(client, thread_id, run["run_id"]) for run in (running, *waiting)]

    await wait_until(lambda: is_so(statuses, ["interrupted", "interrupted", "running"]))
    gate.open()
    await client.runs.join(thread_id, waiting[1]["run_id"])
    assert await statuses() == ["interrupted", "interrupted", "success"]


async def is_so(ask: Callable[[], Any], expected: Any) -> bool:
    return bool(await ask() == expected)


async def test_an_assistant_is_deleted_with_its_threads(client: LangGraphClient, mine: str, gate: Gate) -> None:
    """Those whose newest run was of it: the idle, the busy and the made for a run alike; no others."""
    idle, busy, moved, other = [(await client.threads.create())["thread_id"] for _ in range(4)]
    for thread_id in (idle, moved):
        await client.runs.wait(thread_id, mine, input=log())
    for thread_id in (moved, other):
        await client.runs.wait(thread_id, "steps", input=log())
    await client.runs.wait(None, mine, input=log(), on_completion="keep")
    (kept,) = [
        thread["thread_id"]
        for thread in await client.threads.search(metadata={"assistant_id": mine})
        if thread["thread_id"] != idle
    ]
    await client.runs.create(busy, mine, input=log(), context=gate.context)
    await gate.reached()
    await client.runs.create(busy, mine, input=log(), after_seconds=3600)

    await client.assistants.delete(mine, delete_threads=True)

    assert [await exists(client, thread_id) for thread_id in (idle, busy, kept, moved, other)] == [False] * 3 + [
        True
    ] * 2
    assert await client.threads.count(metadata={"assistant_id": mine}) == 0
    with pytest.raises(NotFoundError):
        await client.assistants.get(mine)


async def test_an_unknown_assistant_takes_no_threads_with_it(client: LangGraphClient, mine: str) -> None:
    thread_id = (await client.threads.create(metadata={"assistant_id": mine}))["thread_id"]
    await client.assistants.delete(mine)

    with pytest.raises(NotFoundError):
        await client.assistants.delete(mine, delete_threads=True)

    assert await exists(client, thread_id)


async def test_whether_threads_go_is_a_truth(http: httpx.AsyncClient, mine: str) -> None:
    answer = await http.delete(f"/assistants/{mine}", params={"delete_threads": "perhaps"})
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, "delete_threads")
    assert (await http.delete(f"/assistants/{mine}", params={"delete_threads": "true"})).status_code == 204


async def test_the_assistants_of_graphs_can_be_changed_and_deleted_until_the_next_start(
    start_gateway: Callable[..., Gateway],
) -> None:
    """Then each graph has one again. What was patched stays, but for the graph, name and description, which are
    langgraph.json's, and come back as a new version."""
    gateway = start_gateway()
    async with get_client(url=gateway.url) as client:
        patched = await client.assistants.update(id_of("mirror"), name="Mine", context={"a": 1}, metadata={"b": 2})
        assert (patched["version"], patched["metadata"]) == (2, {"created_by": "system", "b": 2})
        values: Any = await client.runs.wait(None, "mirror", input={})
        assert values["seen"]["context"] == {"a": 1}
        await client.assistants.delete(id_of("steps"))
        with pytest.raises(NotFoundError, match="Thread or assistant not found"):
            await client.runs.create(None, "steps", input=log())

        gateway.stop()
        gateway.start()

        started: Any = await client.assistants.get(id_of("mirror"))
        assert started.items() >= {"name": "mirror", "version": 3, "context": {"a": 1}}.items()
        assert started["metadata"] == {"created_by": "system", "b": 2}
        assert (await client.assistants.get(id_of("steps")))["version"] == 1
        assert log_of(await client.runs.wait(None, "steps", input=log())) == ["one", "two", "three"]
