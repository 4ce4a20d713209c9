"""Stateless runs: no thread to make, none to clean up."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError
from langgraph_sdk.schema import RunCreateMetadata

from fundamentals.gate import Gate
from fundamentals.reading import collect, ids_of, log, log_of, names
from gateway import wait_until

STEPS = {"assistant_id": "steps", "input": {"log": []}}


async def test_wait_answers_with_the_last_values(client: LangGraphClient) -> None:
    assert log_of(await client.runs.wait(None, "steps", input=log("hi"))) == ["hi", "one", "two", "three"]


async def test_stream_shows_the_run_as_it_goes(client: LangGraphClient) -> None:
    parts = await collect(client.runs.stream(None, "steps", input=log(), stream_mode=["values", "updates"]))

    assert names(parts) == ["metadata", "values", *["updates", "values"] * 3, "end"]


async def test_the_thread_goes_with_its_run(client: LangGraphClient) -> None:
    """The thread that the run was given is visible while it lasts, and nothing of it stays."""
    run: Any = await client.runs.create(None, "steps", input=log())

    async def gone() -> bool:
        try:
            await client.threads.get(run["thread_id"])
        except NotFoundError:
            return True
        return False

    await wait_until(gone)
    with pytest.raises(NotFoundError):
        await client.runs.get(run["thread_id"], run["run_id"])


async def test_an_interrupt_ends_a_stateless_run(client: LangGraphClient) -> None:
    """There is nobody who could answer, so it goes like any other; the caller sees the question."""
    values: Any = await client.runs.wait(None, "asks", input=log())

    assert [interrupt["value"] for interrupt in values["__interrupt__"]] == [{"question": "Shall we?"}]


async def test_the_thread_can_be_kept(client: LangGraphClient) -> None:
    """`on_completion="keep"` makes it an ordinary thread: read it, go on with it."""
    created: list[RunCreateMetadata] = []
    await client.runs.wait(None, "steps", input=log(), on_completion="keep", on_run_created=created.append)
    thread_id = created[0]["thread_id"]
    assert thread_id is not None

    values = await client.runs.wait(thread_id, "steps", input=log("more"))

    assert log_of(values) == ["one", "two", "three", "more", "one", "two", "three"]
    runs: list[Any] = [*await client.runs.list(thread_id)]
    assert [run["kwargs"]["temporary"] for run in runs] == [False, False]


async def test_its_stream_can_be_read_again_at_the_address_it_announces(
    http: httpx.AsyncClient, client: LangGraphClient
) -> None:
    """`Location` is `/runs/{id}/stream?last_event_id=0`.

    Officially nothing is there; here it replays, though the run is gone.
    """
    first = await http.post("/runs/stream", json=STEPS)

    again = await http.get(first.headers["location"], headers={"Last-Event-ID": "-1"})
    rest = await http.get(first.headers["location"], headers={"Last-Event-ID": "2"})

    assert first.headers["location"] == f"{first.headers['content-location']}/stream?last_event_id=0"
    assert again.content == first.content
    assert first.content.endswith(rest.content)
    assert rest.text.startswith('event: values\r\ndata: {"log":["one"]}\r\nid: 3\r\n\r\n')


async def test_a_background_run_can_be_followed_by_its_id_alone(
    http: httpx.AsyncClient, client: LangGraphClient, gate: Gate
) -> None:
    run = (await http.post("/runs", json={**STEPS, "context": gate.context})).json()
    await gate.reached()
    following = asyncio.create_task(http.get(f"/runs/{run['run_id']}/stream", headers={"Last-Event-ID": "-1"}))
    gate.open()

    assert "three" in (await following).text


async def test_a_stateless_run_that_nobody_started_cannot_be_followed(http: httpx.AsyncClient) -> None:
    answer = await http.get("/runs/01a1f885-0830-772e-8d96-040c354ac1f6/stream")

    assert answer.status_code == 404


async def test_the_python_sdk_finds_a_stateless_run_again(client: LangGraphClient, gate: Gate) -> None:
    """`join` on the temporary thread works while the run lasts, and for a while after."""
    run = await client.runs.create(None, "steps", input=log(), context=gate.context)
    await gate.reached()
    joining = asyncio.create_task(client.runs.join(run["thread_id"], run["run_id"]))
    gate.open()

    assert log_of(await joining) == ["one", "two", "three"]
    parts = await collect(client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id="-1"))
    assert ids_of(parts) == [1, 2, 3, 4, 5]


async def test_a_stateless_run_can_be_cancelled(client: LangGraphClient, gate: Gate) -> None:
    run = await client.runs.create(None, "steps", input=log(), context=gate.context)
    await gate.reached()

    await client.runs.cancel(run["thread_id"], run["run_id"], wait=True)

    with pytest.raises(NotFoundError):
        await client.threads.get(run["thread_id"])


async def test_a_batch_creates_many_runs_in_one_call(client: LangGraphClient) -> None:
    """They are in the order of the request and do not wait for each other."""
    asked: list[Any] = [{**STEPS, "input": {"log": [str(n)]}, "on_completion": "keep"} for n in range(5)]
    runs: Any = await client.runs.create_batch(asked)

    results = [await client.runs.join(run["thread_id"], run["run_id"]) for run in runs]

    assert [log_of(values)[0] for values in results] == ["0", "1", "2", "3", "4"]
    assert len({run["thread_id"] for run in runs}) == 5


async def test_a_batch_is_taken_whole_or_not_at_all(http: httpx.AsyncClient, mark: dict[str, str]) -> None:
    """All bodies are checked before the first run is made."""
    kept = STEPS | {"on_completion": "keep", "metadata": mark}

    assert (await http.post("/runs/batch", json=[kept, {"assistant_id": "nobody"}])).status_code == 422
    assert (await http.post("/runs/batch", json=[])).status_code == 422
    assert (await http.post("/threads/count", json={"metadata": mark})).json() == 0
    assert (await http.post("/runs/batch", json=[kept])).status_code == 200
    assert (await http.post("/threads/count", json={"metadata": mark})).json() == 1
