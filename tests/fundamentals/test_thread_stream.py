"""The stream of a thread: one request shows all that happens on it, whoever starts the runs.

A chat window that several people have open needs no run ids: it follows the thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client, get_sync_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError, UnprocessableEntityError
from langgraph_sdk.schema import StreamPart, ThreadStreamMode

from fundamentals.gate import Gate
from fundamentals.reading import data_of, log, log_of, names
from gateway import Gateway, wait_until

RUN = ["metadata", *["values"] * 4, "metadata"]
"""The events of a run of `steps`: its beginning, its states, its end."""


@dataclass
class Window:
    """What somebody who follows a thread has seen so far."""

    parts: list[StreamPart] = field(default_factory=list)

    async def shows(self, count: int) -> list[StreamPart]:
        """Wait until it has seen so many events."""

        async def enough() -> bool:
            return len(self.parts) >= count

        await wait_until(enough)
        return self.parts


@asynccontextmanager
async def following(
    client: LangGraphClient,
    thread_id: str,
    mode: ThreadStreamMode | Sequence[ThreadStreamMode] = "run_modes",
    after: str | None = None,
) -> AsyncIterator[Window]:
    """Follow a thread meanwhile."""
    window, connected = Window(), asyncio.Event()

    async def follow() -> None:
        async for part in await client.threads.join_stream(thread_id, last_event_id=after, stream_mode=mode):
            window.parts.append(part)

    async def until_connected(response: httpx.Response) -> None:
        if response.url.path.endswith(f"/threads/{thread_id}/stream"):
            connected.set()

    hooks = client.http.client.event_hooks
    client.http.client.event_hooks = {"response": [until_connected]}
    task = asyncio.create_task(follow())
    await connected.wait()
    client.http.client.event_hooks = hooks
    try:
        yield window
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def steps(client: LangGraphClient, thread_id: str, **more: Any) -> str:
    """A run from its creation to its end; returns its id."""
    run = await client.runs.create(thread_id, "steps", input=log(), **more)
    await client.runs.join(thread_id, run["run_id"])
    return run["run_id"]


async def test_a_thread_stream_shows_all_runs_those_to_come_too(client: LangGraphClient, thread_id: str) -> None:
    """Each run begins and ends with a `metadata` event; between them is what the run itself streams."""
    async with following(client, thread_id) as window:
        runs = [await steps(client, thread_id) for _ in range(2)]
        parts = await window.shows(12)

    assert names(parts) == RUN * 2
    assert data_of(parts, "metadata") == [
        {"run_id": runs[0], "attempt": 1},
        {"status": "run_done", "run_id": runs[0]},
        {"run_id": runs[1], "attempt": 1},
        {"status": "run_done", "run_id": runs[1]},
    ]


async def test_the_lifecycle_is_enough_to_know_when_somebody_works(client: LangGraphClient, thread_id: str) -> None:
    async with following(client, thread_id, "lifecycle") as window:
        run_id = await steps(client, thread_id)
        parts = await window.shows(2)

    assert [part.data for part in parts] == [
        {"run_id": run_id, "attempt": 1},
        {"status": "run_done", "run_id": run_id},
    ]


async def test_a_failed_run_shows_its_error_and_the_stream_goes_on(client: LangGraphClient, thread_id: str) -> None:
    async with following(client, thread_id) as window:
        await steps(client, thread_id, context={"fail": "ValueError"})
        await steps(client, thread_id)
        parts = await window.shows(12)

    assert names(parts)[-8:] == ["error", "metadata", *RUN]


async def test_state_updates_are_shown_with_the_state_that_they_came_to(
    client: LangGraphClient, thread_id: str
) -> None:
    """The event has the state as GET /state answers it; runs do not count as state updates."""
    async with following(client, thread_id, "state_update") as window:
        await steps(client, thread_id)
        await client.threads.update_state(thread_id, log("by hand"), as_node="three")
        (part,) = await window.shows(1)

    assert part.event == "state_update"
    assert part.data == {"state": await client.threads.get_state(thread_id), "thread_id": thread_id}


async def test_modes_may_be_combined(client: LangGraphClient, thread_id: str) -> None:
    async with following(client, thread_id, ["lifecycle", "state_update"]) as window:
        await steps(client, thread_id)
        await client.threads.update_state(thread_id, log("by hand"), as_node="three")
        parts = await window.shows(3)

    assert names(parts) == ["metadata", "metadata", "state_update"]


@pytest.mark.parametrize("name", ["stream_modes", "stream_mode"])
@pytest.mark.parametrize(
    "values", [["lifecycle,state_update"], ["lifecycle", "state_update"], ['["lifecycle","state_update"]']]
)
async def test_both_names_and_all_spellings_of_the_modes_work(
    http: httpx.AsyncClient, thread_id: str, name: str, values: list[str]
) -> None:
    """The platform reads `stream_modes`, with commas; its SDKs send `stream_mode`, repeated or as JSON."""
    async with http.stream("GET", f"/threads/{thread_id}/stream", params={name: values}) as stream:
        assert stream.status_code == 200
        assert stream.headers["location"] == f"/threads/{thread_id}/stream?stream_modes=lifecycle,state_update"


async def test_an_unknown_mode_and_a_place_that_is_none_are_refused(client: LangGraphClient, thread_id: str) -> None:
    for stream in (
        await client.threads.join_stream(thread_id, params={"stream_modes": "values"}),
        await client.threads.join_stream(thread_id, last_event_id="yesterday"),
    ):
        with pytest.raises(UnprocessableEntityError, match="Invalid"):
            await anext(stream)


async def test_a_thread_that_does_not_exist_is_not_found(client: LangGraphClient) -> None:
    stream = await client.threads.join_stream("01a1f885-0830-772e-8d96-040c354ac1f6")
    with pytest.raises(NotFoundError):
        await anext(stream)


@pytest.mark.parametrize("start", ["-", "-1", "0"])
async def test_the_past_is_replayed_on_request(client: LangGraphClient, thread_id: str, start: str) -> None:
    """State updates, and runs whose events are still in memory or stored (`stream_resumable`), in their order."""
    await steps(client, thread_id)
    await client.threads.update_state(thread_id, log("by hand"), as_node="three")
    await steps(client, thread_id)

    async with following(client, thread_id, ["run_modes", "state_update"], after=start) as window:
        parts = await window.shows(13)

    assert names(parts) == [*RUN, "state_update", *RUN]


async def test_a_client_comes_back_after_any_event_without_loss_or_repeat(
    client: LangGraphClient, thread_id: str
) -> None:
    """Ids grow over all runs of a thread, so that it does not matter which of them were missed meanwhile."""
    await steps(client, thread_id)
    await steps(client, thread_id)
    async with following(client, thread_id, after="-") as window:
        whole = list(await window.shows(12))
    assert all(place(one) < place(other) for one, other in pairwise(whole))

    for number in range(11):
        async with following(client, thread_id, after=whole[number].id) as window:
            assert await window.shows(11 - number) == whole[number + 1 :]


def place(part: StreamPart) -> tuple[int, ...]:
    """An id as numbers: the run's place on the thread, and the event's in the run."""
    return tuple(int(number) for number in (part.id or "").split("-"))


async def test_a_follower_who_comes_in_the_middle_of_a_run_sees_what_is_left_of_it(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()
    async with following(client, thread_id) as window:
        gate.open()
        parts = await window.shows(3)

    assert [log_of(data) for data in data_of(parts, "values")] == [["one", "two"], ["one", "two", "three"]]
    assert data_of(parts, "metadata") == [{"status": "run_done", "run_id": run["run_id"]}]


async def test_the_deletion_of_the_thread_ends_its_stream(client: LangGraphClient, thread_id: str) -> None:
    async with following(client, thread_id) as window:
        await client.threads.delete(thread_id)
        parts = await window.shows(1)

    assert names(parts) == ["end"]


async def test_resumable_runs_outlive_a_restart_and_the_loss_of_others_is_said(
    start_gateway: Callable[..., Gateway],
) -> None:
    """The SDK comes back by itself, to the address in `Location`, and sees what happened meanwhile, too."""
    own = start_gateway()
    async with get_client(url=own.url) as client:
        thread_id = (await client.threads.create())["thread_id"]
        kept = await steps(client, thread_id, stream_resumable=True)
        lost = await steps(client, thread_id)
        async with following(client, thread_id) as window:
            await asyncio.to_thread(own.stop)
            own.lose_redis()
            await asyncio.to_thread(own.start)
            await steps(client, thread_id)
            assert names(await window.shows(6)) == RUN

        async with following(client, thread_id, after="-") as window:
            parts = await window.shows(len(RUN) + 3)
        async with following(client, thread_id, "lifecycle", after="-") as window:
            ends = [part.data["run_id"] for part in await window.shows(4) if "status" in part.data]

    assert names(parts)[: len(RUN) + 3] == [*RUN, "metadata", "error", "metadata"]
    assert parts[len(RUN) + 1].data["error"] == "NotStreamable"
    assert ends[:2] == [kept, lost]


def test_the_synchronous_client_reads_it_too(gateway: Gateway) -> None:
    with get_sync_client(url=gateway.url) as client:
        thread_id = client.threads.create()["thread_id"]
        client.runs.wait(thread_id, "steps", input=log())
        with closing(client.threads.join_stream(thread_id, last_event_id="-")) as parts:  # type: ignore[type-var]
            assert names(islice(parts, len(RUN))) == RUN


async def test_its_bytes_are_those_of_a_run_with_a_place_first(http: httpx.AsyncClient, thread_id: str) -> None:
    """What curl shows. The first id is no event: whoever is cut off before the first one comes back to it."""
    await http.post(f"/threads/{thread_id}/runs/wait", json={"assistant_id": "steps", "input": log()})
    headers = {"Last-Event-ID": "-"}
    async with http.stream("GET", f"/api/threads/{thread_id}/stream", headers=headers) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = stream.aiter_lines()
        first, _, name, data, last_id = [await anext(lines) for _ in range(5)]

    assert (first.startswith("id: "), name) == (True, "event: metadata")
    assert data.startswith('data: {"run_id":')
    assert last_id.endswith("-1")
