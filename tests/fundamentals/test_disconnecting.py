"""Disconnecting: what becomes of a run when nobody reads it any more."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import collect, data_of, log, log_of, names, until_status

DISCONNECTED = {
    "error": "UserInterrupt",
    "message": "client disconnected from the run stream (on_disconnect=cancel)",
}


async def leave(stream: Any, at: Gate | None = None) -> None:
    """Read the first event, then close the connection; `at`: not before the run has come to this gate."""
    async with aclosing(stream):
        async for _ in stream:
            break
        if at:
            await at.reached()


async def only_run_of(client: LangGraphClient, thread_id: str) -> str:
    """The id of the thread's one run."""
    return (await client.runs.list(thread_id))[0]["run_id"]


async def test_a_run_goes_on_when_its_reader_leaves(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """The default: a run belongs to its thread, not to the connection that started it."""
    await leave(client.runs.stream(thread_id, "steps", input=log(), context=gate.context))

    await gate.reached()
    gate.open()

    assert log_of(await client.runs.join(thread_id, await only_run_of(client, thread_id))) == ["one", "two", "three"]


async def test_what_was_missed_can_be_read_later(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """A closed laptop loses nothing: the events are kept and can be read from where it stopped."""
    await leave(client.runs.stream(thread_id, "steps", input=log(), context=gate.context, stream_mode="updates"))
    gate.open()
    run_id = await only_run_of(client, thread_id)

    parts = await collect(client.runs.join_stream(thread_id, run_id, last_event_id="1"))

    assert [next(iter(update)) for update in data_of(parts, "updates")] == ["one", "two", "three"]


async def test_a_run_can_end_with_the_stream_that_started_it(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """`on_disconnect="cancel"`: nobody waits for the answer, so nobody pays for it."""
    stream = client.runs.stream(thread_id, "steps", input=log(), context=gate.context, on_disconnect="cancel")
    await leave(stream, at=gate)

    await until_status(client, thread_id, await only_run_of(client, thread_id), "interrupted")
    thread: Any = await client.threads.get(thread_id)
    assert (thread["status"], thread["error"]) == ("interrupted", DISCONNECTED)


async def test_a_run_can_end_with_the_wait_that_started_it(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    waiting = asyncio.create_task(
        client.runs.wait(thread_id, "steps", input=log(), context=gate.context, on_disconnect="cancel")
    )
    await gate.reached()

    waiting.cancel()

    await until_status(client, thread_id, await only_run_of(client, thread_id), "interrupted")


async def test_reading_to_the_end_cancels_nothing(client: LangGraphClient, thread_id: str) -> None:
    parts = await collect(client.runs.stream(thread_id, "steps", input=log(), on_disconnect="cancel"))

    assert names(parts)[-1] == "end"
    assert (await client.runs.list(thread_id))[0]["status"] == "success"


async def test_a_joined_run_ends_with_a_reader_that_says_so(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """`cancel_on_disconnect` makes the run depend on this reader, whoever started it."""
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)

    await leave(client.runs.join_stream(thread_id, run["run_id"], cancel_on_disconnect=True, last_event_id="-1"))

    await until_status(client, thread_id, run["run_id"], "interrupted")


async def test_an_ordinary_reader_that_leaves_cancels_nothing(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)

    await leave(client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"))
    gate.open()

    await until_status(client, thread_id, run["run_id"], "success")


@pytest.mark.parametrize("spelling", ["true", "1"])
async def test_a_joined_run_ends_with_a_waiter_that_says_so(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, gate: Gate, spelling: str
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()

    url = f"/threads/{thread_id}/runs/{run['run_id']}/join?cancel_on_disconnect={spelling}"
    async with http.stream("GET", url) as answer:
        assert answer.status_code == 200

    await until_status(client, thread_id, run["run_id"], "interrupted")
