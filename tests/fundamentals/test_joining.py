"""Joining: many readers of one run, each from where it wants."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.schema import Run, StreamPart

from fundamentals.gate import Gate
from fundamentals.reading import collect, data_of, ids_of, log, log_of, names


@pytest.fixture
async def finished(client: LangGraphClient, thread_id: str) -> Run:
    """A run that has ended: metadata, then values and updates of three steps; 8 events."""
    run = await client.runs.create(thread_id, "steps", input=log(), stream_mode=["values", "updates"])
    await client.runs.join(thread_id, run["run_id"])
    return run


async def test_join_answers_with_the_result_once_the_run_has_ended(
    client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    joining = asyncio.create_task(client.runs.join(thread_id, run["run_id"]))
    await gate.reached()
    assert not joining.done()

    gate.open()

    assert log_of(await joining) == ["one", "two", "three"]
    assert log_of(await client.runs.join(thread_id, run["run_id"])) == ["one", "two", "three"]


async def test_a_reader_without_a_position_gets_what_comes_from_now_on(
    client: LangGraphClient, thread_id: str, gate: Gate, http: httpx.AsyncClient
) -> None:
    """Joining is tuning in: what was sent before is not repeated unless one asks for it."""
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()
    async with http.stream("GET", f"/threads/{thread_id}/runs/{run['run_id']}/stream") as stream:
        gate.open()
        lines = [line async for line in stream.aiter_lines() if line.startswith("data")]

    assert lines == ['data: {"log":["one","two"]}', 'data: {"log":["one","two","three"]}', "data: null"]


@pytest.mark.parametrize("position", ["-1", "0"])
async def test_minus_one_and_zero_replay_everything(client: LangGraphClient, finished: Run, position: str) -> None:
    """Browsers that come back after a reload send -1, and get the whole run, also one that has ended."""
    parts = await collect(client.runs.join_stream(finished["thread_id"], finished["run_id"], last_event_id=position))

    assert parts[0].event == "metadata"
    assert ids_of(parts) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert parts[-1].event == "end"


async def test_last_event_id_replays_exactly_what_is_missing(client: LangGraphClient, finished: Run) -> None:
    """A reader that says which event it saw last gets the ones after it: no gap, nothing twice."""
    for seen in range(1, 9):
        parts = await collect(
            client.runs.join_stream(finished["thread_id"], finished["run_id"], last_event_id=str(seen))
        )
        assert ids_of(parts) == list(range(seen + 1, 9))
        assert parts[-1].event == "end"


async def test_a_position_beyond_the_end_just_ends(client: LangGraphClient, finished: Run) -> None:
    parts = await collect(client.runs.join_stream(finished["thread_id"], finished["run_id"], last_event_id="999"))

    assert names(parts) == ["end"]


async def test_a_finished_run_without_a_position_just_ends(client: LangGraphClient, finished: Run) -> None:
    assert names(await collect(client.runs.join_stream(finished["thread_id"], finished["run_id"]))) == ["end"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("stream_mode=updates", {"updates"}),
        ("stream_mode=values&stream_mode=updates", {"values", "updates"}),
        ("stream_mode=values,updates", {"values", "updates"}),
        ('stream_mode=["updates"]', {"updates"}),
        ('stream_mode="updates"', {"updates"}),
        ('stream_mode=["values","updates"]', {"values", "updates"}),
        ("stream_mode=custom", set()),
    ],
)
async def test_stream_mode_filters_in_every_clients_spelling(
    http: httpx.AsyncClient, finished: Run, query: str, shown: set[str]
) -> None:
    """Python repeats the key, JavaScript sends a JSON array, people at a terminal write commas."""
    url = f"/threads/{finished['thread_id']}/runs/{finished['run_id']}/stream?{query}"
    answer = await http.get(url, headers={"Last-Event-ID": "-1"})

    events = {line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event")}
    assert events == {*shown, "end"}


async def test_the_python_sdks_list_of_modes_is_understood(client: LangGraphClient, finished: Run) -> None:
    parts = await collect(
        client.runs.join_stream(
            finished["thread_id"], finished["run_id"], stream_mode=["values", "updates"], last_event_id="-1"
        )
    )

    assert set(names(parts)) == {"values", "updates", "end"}


async def test_both_message_modes_filter_by_either_name(client: LangGraphClient, thread_id: str) -> None:
    run = await client.runs.create(thread_id, "chat", input={"messages": []}, stream_mode=["messages-tuple", "values"])
    await client.runs.join(thread_id, run["run_id"])

    for mode in ("messages", "messages-tuple"):
        parts = await collect(client.runs.join_stream(thread_id, run["run_id"], stream_mode=mode, last_event_id="-1"))
        assert set(names(parts)) == {"messages", "end"}


async def read_in_pieces(client: LangGraphClient, run: Run, dice: random.Random) -> list[StreamPart]:
    """Read a run, leaving after a few events and coming back with the last id that was seen, again and again."""
    seen: list[StreamPart] = []
    while not seen or seen[-1].event != "end":
        position = seen[-1].id if seen else "0"
        patience = dice.randrange(1, 150)
        async with aclosing(
            client.runs.join_stream(run["thread_id"], run["run_id"], last_event_id=position)  # type: ignore[type-var]
        ) as stream:
            async for part in stream:
                seen.append(part)
                patience -= 1
                if not patience:
                    break
    return seen


async def test_readers_at_random_moments_all_see_the_same_run(client: LangGraphClient, thread_id: str) -> None:
    """Replay, then tail: whenever a reader joins, and wherever it goes on, it sees each event once and in order."""
    dice = random.Random(1)
    moments = sorted(dice.randrange(400) for _ in range(30))
    run = await client.runs.create(thread_id, "counter", input={"count": 400, "pause": 0.002}, stream_mode="custom")

    readers: list[asyncio.Task[list[StreamPart]]] = []
    async for part in client.runs.join_stream(thread_id, run["run_id"], last_event_id="-1"):
        while moments and int(part.id or 0) > moments[0]:
            moments.pop(0)
            readers.append(asyncio.create_task(read_in_pieces(client, run, dice)))

    for parts in await asyncio.gather(*readers):
        assert ids_of(parts) == list(range(1, 402))
        assert [data["number"] for data in data_of(parts, "custom")] == list(range(400))


async def test_a_reader_sees_events_while_the_run_goes_on(client: LangGraphClient, thread_id: str, gate: Gate) -> None:
    """Nothing is held back until the end: the run stands at the gate, and step one is here already."""
    stream = client.runs.stream(thread_id, "steps", input=log(), context=gate.context, stream_mode="updates")

    seen: list[Any] = []
    async for part in stream:
        if part.event == "updates":
            seen.append(part.data)
            gate.open()

    assert [next(iter(update)) for update in seen] == ["one", "two", "three"]


async def test_a_client_that_is_cut_off_before_the_first_event_misses_nothing(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str, gate: Gate
) -> None:
    """It comes back to `Location`, as the SDKs do, and has no `Last-Event-ID` yet: its run was waiting for its turn."""
    await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()
    asked = {"assistant_id": "steps", "input": log("in"), "stream_mode": "updates", "multitask_strategy": "enqueue"}
    async with http.stream("POST", f"/threads/{thread_id}/runs/stream", json=asked) as cut:
        location, run = cut.headers["location"], cut.headers["content-location"]
    gate.open()
    await http.get(f"{run}/join")

    missed = await http.get(location)
    rest = await http.get(location, headers={"Last-Event-ID": "1"})

    assert missed.text.startswith("event: metadata")
    assert missed.text.count("event: updates") == 3
    assert missed.content.endswith(rest.content)
    assert "event: metadata" not in rest.text
