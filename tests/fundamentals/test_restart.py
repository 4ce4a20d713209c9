"""A restart: the gateway is stopped and started again, and everything is still there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import Run, StreamPart

from fundamentals.gate import Gate
from fundamentals.reading import Past, collect, ids_of, log, log_of, names, past_of, status_of
from gateway import Gateway, serving

STEPS = ["one", "two", "three"]


@dataclass(frozen=True)
class Story:
    """One thread with one run, as it was before the restart."""

    run: Run
    result: Any
    past: Past


@dataclass(frozen=True)
class Restarted:
    """A gateway that was stopped and started again, and what had happened on it before."""

    gateway: Gateway
    stories: dict[str, Story]
    assistants: list[Any]

    def __getitem__(self, name: str) -> Story:
        return self.stories[name]


async def tell(client: LangGraphClient, graph: str, *, cancel_at: Gate | None = None, **asked: Any) -> Story:
    """Run a graph on a new thread to its end, or until it is cancelled at a gate."""
    thread_id = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread_id, graph, input=log(), **asked)
    if cancel_at:
        await cancel_at.reached()
        await client.runs.cancel(thread_id, run["run_id"])
    result = await client.runs.join(thread_id, run["run_id"])
    return Story(await client.runs.get(thread_id, run["run_id"]), result, await past_of(client, thread_id))


async def delay(client: LangGraphClient) -> Story:
    """Create a run that is due in an hour."""
    thread_id = (await client.threads.create())["thread_id"]
    run = await client.runs.create(thread_id, "steps", input=log(), after_seconds=3600)
    return Story(run, None, await past_of(client, thread_id))


async def tell_all(url: str, gate: Gate) -> tuple[dict[str, Story], list[Any]]:
    """A story for every way in which a run can stand when the gateway stops."""
    async with get_client(url=url) as client:
        stories = {
            "success": await tell(client, "steps"),
            "error": await tell(client, "steps", context={"fail": "ValueError"}),
            "asking": await tell(client, "asks_many"),
            "cancelled": await tell(client, "steps", cancel_at=gate, context=gate.context, durability="sync"),
            "delayed": await delay(client),
            "resumable": await tell(client, "steps", stream_resumable=True),
        }
        return stories, list(await client.assistants.search(limit=100))


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restarted]:
    """Tell the stories, stop, start again. (Nor does Redis keep the events: test_redis.py shows that it does.)"""
    folder = tmp_path_factory.mktemp("restarted")
    gate = Gate(folder / "gate")
    with serving(folder / "data") as own:
        stories, assistants = asyncio.run(tell_all(own.url, gate))
        own.stop()
        own.lose_redis()
        gate.open()
        yield Restarted(own.start(), stories, assistants)
        httpx.post(f"{own.url}/runs/cancel", json={"status": "pending"}, timeout=30)


@pytest.fixture
async def client(restarted: Restarted) -> AsyncIterator[LangGraphClient]:
    """The SDK, connected to the gateway that was started again."""
    async with get_client(url=restarted.gateway.url) as connected:
        yield connected


@pytest.fixture
async def http(restarted: Restarted) -> AsyncIterator[httpx.AsyncClient]:
    """A plain HTTP client, connected to the gateway that was started again."""
    async with httpx.AsyncClient(base_url=restarted.gateway.url, timeout=30) as connected:
        yield connected


EVERY_STORY = pytest.mark.parametrize("name", ["success", "error", "asking", "cancelled", "delayed", "resumable"])
ENDED = pytest.mark.parametrize("name", ["success", "error", "asking", "cancelled"])


@EVERY_STORY
async def test_threads_runs_states_and_history_are_still_there(
    client: LangGraphClient, restarted: Restarted, name: str
) -> None:
    story = restarted[name]
    thread_id = story.run["thread_id"]

    assert await past_of(client, thread_id) == story.past
    assert await client.runs.get(thread_id, story.run["run_id"]) == story.run
    assert await client.runs.list(thread_id) == [story.run]


async def test_assistants_are_the_same(client: LangGraphClient, restarted: Restarted) -> None:
    assert await client.assistants.search(limit=100) == restarted.assistants


@ENDED
async def test_a_finished_run_is_joined_with_its_result(
    client: LangGraphClient, restarted: Restarted, name: str
) -> None:
    """The same document as before, also for a failed or a cancelled run, and with all open questions."""
    story = restarted[name]

    joined = await client.runs.join(story.run["thread_id"], story.run["run_id"])

    assert joined == story.result


@ENDED
async def test_a_finished_run_cannot_be_streamed_any_more_and_says_so(
    http: httpx.AsyncClient, restarted: Restarted, name: str
) -> None:
    """Its events were in the memory of the process that is gone: 409, not an empty stream that looks like an end."""
    run = restarted[name].run
    sentence = f"Run {run['run_id']} is not active on this worker and cannot be streamed"

    for headers in ({}, {"Last-Event-ID": "-1"}):
        answer = await http.get(f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream", headers=headers)
        assert (answer.status_code, answer.json()) == (409, {"detail": sentence})


async def test_a_resumable_run_can_still_be_read_from_any_position(
    client: LangGraphClient, restarted: Restarted
) -> None:
    """`stream_resumable` stores the events: they outlive the process, and can be replayed from anywhere."""
    run = restarted["resumable"].run

    async def read(position: str | None) -> list[StreamPart]:
        return await collect(client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id=position))

    whole = await read("-1")
    assert names(whole) == ["metadata", *["values"] * 4, "end"]
    assert ids_of(whole) == [1, 2, 3, 4, 5]
    assert await read("3") == whole[3:]
    assert names(await read(None)) == ["end"]


async def test_an_unknown_run_is_still_404(http: httpx.AsyncClient, restarted: Restarted) -> None:
    thread_id = restarted["success"].run["thread_id"]
    for end in ("", "/join", "/stream"):
        assert (await http.get(f"/threads/{thread_id}/runs/{uuid4()}{end}")).status_code == 404


async def test_a_finished_run_cannot_be_cancelled(http: httpx.AsyncClient, restarted: Restarted) -> None:
    run = restarted["success"].run
    answer = await http.post(f"/threads/{run['thread_id']}/runs/{run['run_id']}/cancel")

    assert answer.status_code == 409
    assert answer.json()["detail"] == f"Run {run['run_id']} is not cancellable (status: success)"


async def test_a_thread_goes_on(client: LangGraphClient, restarted: Restarted) -> None:
    """On copies, so that the tests above can read the originals."""
    copies = {
        name: (await client.http.post(f"/threads/{restarted[name].run['thread_id']}/copy", json=None))["thread_id"]
        for name in ("success", "error", "cancelled")
    }

    assert log_of(await client.runs.wait(copies["success"], "steps", input=log("more")))[3:] == ["more", *STEPS]
    assert log_of(await client.runs.wait(copies["error"], "steps")) == STEPS
    assert log_of(await client.runs.wait(copies["cancelled"], "steps")) == STEPS


async def test_an_open_question_can_be_answered(client: LangGraphClient, restarted: Restarted) -> None:
    """A person may take longer than a deployment lasts."""
    story = restarted["asking"]
    ids = {item["value"]: item["id"] for items in story.past.interrupts.values() for item in items}
    copy = await client.http.post(f"/threads/{story.run['thread_id']}/copy", json=None)

    answers = {ids["left, first"]: "L1", ids["right"]: "R"}
    await client.runs.wait(copy["thread_id"], "asks_many", command={"resume": answers})
    values = await client.runs.wait(copy["thread_id"], "asks_many", command={"resume": "L2"})

    assert values == {"log": ["left: L1, L2", "right: R"]}


async def test_a_delayed_run_still_waits_and_can_be_called_off(
    client: LangGraphClient, http: httpx.AsyncClient, restarted: Restarted
) -> None:
    """It is known from the store alone, but nobody has read of it yet: it can be followed and cancelled."""
    run = restarted["delayed"].run
    url = f"/threads/{run['thread_id']}/runs/{run['run_id']}/stream"
    assert await status_of(client, run["thread_id"], run["run_id"]) == "pending"

    async with http.stream("GET", url, headers={"Last-Event-ID": "-1"}) as stream:
        await client.runs.cancel(run["thread_id"], run["run_id"])
        lines = [line async for line in stream.aiter_lines() if line]

    assert lines == ["event: end", "data: null"]
    assert await status_of(client, run["thread_id"], run["run_id"]) == "interrupted"
