"""What happened inside a run, read over HTTP: as a list for audits, and live."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate
from fundamentals.reading import log
from fundamentals.test_messages import UNKNOWN, said

ENDED = ["run.start", "human_message", "node.start", "ai_message", "node.end", "run.end"]


async def frames(http: httpx.AsyncClient, path: str, last: str | None = None) -> AsyncIterator[dict[str, Any]]:
    """The entries of a live log; each is the data of a frame that says its type and seq as well."""
    headers = {"Last-Event-ID": last} if last else {}
    async with http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        frame: dict[str, str] = {}
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                frame[name] = value
            elif frame:
                entry = json.loads(frame["data"])
                assert (frame["event"], frame["id"]) == (entry["event_type"], str(entry["seq"]))
                frame = {}
                yield entry


def types(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["event_type"] for entry in entries]


async def run_to_its_end(client: LangGraphClient, thread_id: str, **more: Any) -> str:
    await client.runs.wait(thread_id, "spends", input=said("hello"), raise_error=False, **more)
    return (await client.runs.list(thread_id))[0]["run_id"]


async def test_everything_that_happened_is_listed(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    run_id = await run_to_its_end(client, thread_id)

    entries = (await http.get(f"/threads/{thread_id}/runs/{run_id}/events")).json()

    assert types(entries) == ENDED
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert entries[-1]["content"]["status"] == "success"
    assert entries[-1]["category"] == "outputs"


async def test_a_list_of_some_types_from_a_place(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    path = f"/threads/{thread_id}/runs/{await run_to_its_end(client, thread_id)}/events"

    for query, expected in {
        "limit=2": ["run.start", "human_message"],
        "limit=2&after_seq=4": ["node.end", "run.end"],
        "event_types=ai_message,run.end": ["ai_message", "run.end"],
        "event_types=ai_message&event_types=run.end&after_seq=4": ["run.end"],
        "event_types=middleware:nobody": [],
    }.items():
        assert types((await http.get(f"{path}?{query}")).json()) == expected


async def test_a_log_is_read_live_and_ends_with_its_run(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    """What there is comes first, then what is added; after the last entry the answer is complete."""
    run = await client.runs.create(thread_id, "spends", input=said("hello"), context=gate.context)
    entries = []
    async for entry in frames(http, f"/threads/{thread_id}/runs/{run['run_id']}/events/stream"):
        entries.append(entry)
        if entry["event_type"] == "ai_message":
            gate.open()

    assert types(entries) == ENDED
    assert entries == (await http.get(f"/threads/{thread_id}/runs/{run['run_id']}/events")).json()


async def test_a_reader_that_comes_back_misses_nothing(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "spends", input=said("hello"), context=gate.context)
    path = f"/threads/{thread_id}/runs/{run['run_id']}/events/stream"
    reading = frames(http, path)
    seen = [await anext(reading) for _ in range(2)]
    await reading.aclose()  # type: ignore[attr-defined]
    gate.open()

    rest = [entry async for entry in frames(http, path, last=str(seen[-1]["seq"]))]

    assert types(seen + rest) == ENDED
    assert [entry async for entry in frames(http, path, last=str(rest[-1]["seq"]))] == []


@pytest.mark.parametrize("action", ["interrupt", "rollback"])
async def test_a_run_that_is_stopped_tells_its_end(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate, action: Any
) -> None:
    """Who follows it may have heard what a rollback takes back; who reads it afterwards does not."""
    run = await client.runs.create(thread_id, "spends", input=said("hello"), context=gate.context)
    await gate.reached()
    await client.runs.cancel(thread_id, run["run_id"], action=action)

    path = f"/threads/{thread_id}/runs/{run['run_id']}/events"
    told = [entry async for entry in frames(http, f"{path}/stream")]
    kept = (await http.get(path)).json()

    assert types(told)[-1] == types(kept)[-1] == ("run.rollback" if action == "rollback" else "run.end")
    assert ("ai_message" in types(kept)) == (action == "interrupt")


async def test_a_run_that_fails_tells_its_error(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str
) -> None:
    run_id = await run_to_its_end(client, thread_id, context={"fail": "ValueError"})

    entries = [entry async for entry in frames(http, f"/threads/{thread_id}/runs/{run_id}/events/stream")]

    assert entries[-1]["event_type"] == "run.error"
    assert "kaboom" in json.dumps(entries[-1]["content"])


async def test_a_run_that_is_gone_or_keeps_no_log_is_refused_at_once(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    run_id = await run_to_its_end(client, thread_id)
    await client.runs.delete(thread_id, run_id)
    stateless = await client.runs.create(None, "steps", input=log(), context=gate.context)
    await gate.reached()

    for thread, run, status in (
        (thread_id, run_id, 404),
        (thread_id, UNKNOWN, 404),
        (stateless["thread_id"], stateless["run_id"], 409),
    ):
        for path in ("events", "events/stream", "messages"):
            answer = await http.get(f"/threads/{thread}/runs/{run}/{path}")
            assert (answer.status_code, list(answer.json())) == (status, ["detail"])
