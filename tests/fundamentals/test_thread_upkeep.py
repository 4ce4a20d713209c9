"""Threads do not have to be kept for ever: a time to live, pruning, and what a thread takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient
from langgraph_sdk.errors import NotFoundError
from langgraph_sdk.schema import StreamPart

from fundamentals.gate import Gate
from fundamentals.reading import data_of, log, log_of, names
from gateway import GRAPHS, Gateway, serving, wait_until


async def ttl_of(client: LangGraphClient, thread_id: str) -> Any:
    """The ttl that a thread shows."""
    thread: dict[str, Any] = dict(await client.threads.get(thread_id, include=["ttl"]))
    return thread.get("ttl")


async def test_a_thread_can_be_given_minutes_to_live(client: LangGraphClient) -> None:
    """A number of minutes, counted from now. `include=["ttl"]` shows when it ends."""
    thread = await client.threads.create(ttl=90)

    ttl = await ttl_of(client, thread["thread_id"])

    end = datetime.fromisoformat(str(thread["created_at"])) + timedelta(minutes=90)
    assert ttl == {"strategy": "delete", "ttl_minutes": 90, "expires_at": end.isoformat(timespec="microseconds")}
    assert "ttl" not in await client.threads.get(thread["thread_id"])


async def test_an_update_gives_a_thread_another_life(client: LangGraphClient, thread_id: str) -> None:
    """`keep_latest` deletes the past of the thread at its end, not the thread."""
    assert await ttl_of(client, thread_id) is None

    await client.threads.update(thread_id, metadata={}, ttl={"ttl": 0.5, "strategy": "keep_latest"})
    first = await ttl_of(client, thread_id)
    await client.threads.update(thread_id, metadata={"a": 1})
    assert await ttl_of(client, thread_id) == first
    await client.threads.update(thread_id, metadata={}, ttl=2)

    assert (first["strategy"], first["ttl_minutes"]) == ("keep_latest", 0.5)
    assert (await ttl_of(client, thread_id))["strategy"] == "delete"


async def test_a_bare_number_is_minutes_too(http: httpx.AsyncClient) -> None:
    thread = (await http.post("/threads", json={"ttl": 5})).json()
    shown = (await http.get(f"/threads/{thread['thread_id']}", params={"include": "other,ttl"})).json()
    assert shown["ttl"]["ttl_minutes"] == 5


async def test_an_update_can_be_answered_without_a_body(
    http: httpx.AsyncClient, client: LangGraphClient, thread_id: str
) -> None:
    """The SDK asks for it with `return_minimal`, which it sends as `Prefer: return=minimal`."""
    await client.threads.update(thread_id, metadata={"quiet": True}, ttl=7, return_minimal=True)
    assert (await client.threads.get(thread_id))["metadata"] == {"quiet": True}
    assert (await ttl_of(client, thread_id))["ttl_minutes"] == 7
    answer = await http.patch(f"/threads/{thread_id}", json={}, headers={"Prefer": "return=minimal"})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.fixture
def short_lived(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose langgraph.json lets threads live for some milliseconds, and looks for them as often."""
    project = json.loads(GRAPHS.read_text())
    graphs = {"steps": str(GRAPHS.parent / "agents.py") + ":steps"}
    ttl = {"strategy": "delete", "default_ttl": 0.001, "sweep_interval_minutes": 0.001}
    file = tmp_path / "langgraph.json"
    dependencies = [str((GRAPHS.parent / name).resolve()) for name in project["dependencies"]]
    file.write_text(json.dumps({"dependencies": dependencies, "graphs": graphs, "checkpointer": {"ttl": ttl}}))
    with serving(tmp_path / "data", graphs=file) as gateway:
        yield gateway


async def test_threads_end_by_themselves_when_langgraph_json_says_so(short_lived: Gateway, tmp_path: Path) -> None:
    """`checkpointer.ttl` holds for every thread that is given no other; one that is busy is waited for."""
    gate = Gate(tmp_path / "gate")
    told: list[StreamPart] = []
    async with get_client(url=short_lived.url) as client:
        kept = await client.threads.create(ttl={"ttl": 1000, "strategy": "keep_latest"})
        busy = await client.threads.create(ttl={"ttl": 1000})
        run = await client.runs.create(busy["thread_id"], "steps", input=log(), context=gate.context)
        await gate.reached()
        await client.threads.update(busy["thread_id"], metadata={}, ttl={"ttl": 0.0001})
        plain = await client.threads.create()

        async def is_gone() -> bool:
            try:
                await client.threads.get(plain["thread_id"])
            except NotFoundError:
                return True
            return False

        await wait_until(is_gone)
        assert (await client.threads.get(busy["thread_id"]))["status"] == "busy"
        # read from before the gate is opened: the thread goes when the run has ended, and with it who could be asked
        async for part in client.runs.join_stream(busy["thread_id"], run["run_id"], last_event_id="-1"):
            gate.open()
            told.append(part)
        assert data_of(told, "values")[-1] == log("one", "two", "three")
        assert names(told)[-1] == "end"
        assert (await client.threads.get(kept["thread_id"]))["thread_id"] == kept["thread_id"]


async def test_pruning_deletes_threads_or_their_past(client: LangGraphClient) -> None:
    """The official development server cannot `keep_latest`; here it leaves the newest state and nothing before it."""
    threads = [(await client.threads.create())["thread_id"] for _ in range(2)]
    for thread_id in threads:
        await client.runs.wait(thread_id, "steps", input=log())

    assert await client.threads.prune([threads[0]], strategy="keep_latest") == {"pruned_count": 1}
    assert await client.threads.prune([threads[1]]) == {"pruned_count": 1}

    (only,) = await client.threads.get_history(threads[0], limit=100)
    assert log_of(only["values"]) == ["one", "two", "three"]
    with pytest.raises(NotFoundError):
        await client.threads.get(threads[1])
    assert await client.threads.prune(threads[1:]) == {"pruned_count": 0}


@pytest.mark.parametrize("strategy", ["delete", "keep_latest"])
async def test_pruning_leaves_busy_threads_alone(
    client: LangGraphClient, thread_id: str, gate: Gate, strategy: Any
) -> None:
    run = await client.runs.create(thread_id, "steps", input=log(), context=gate.context)
    await gate.reached()

    assert await client.threads.prune([thread_id], strategy=strategy) == {"pruned_count": 0}

    gate.open()
    assert log_of(await client.runs.join(thread_id, run["run_id"])) == ["one", "two", "three"]


async def test_a_thread_says_what_it_takes(http: httpx.AsyncClient, client: LangGraphClient, thread_id: str) -> None:
    """Bytes as stored: of checkpoints, of the values in them by channel, and of what nodes wrote."""
    nothing = {"count": 0, "bytes": 0}
    assert (await http.get(f"/threads/{thread_id}/storage")).json() == {
        "thread_id": thread_id,
        "total_bytes": 0,
        "checkpoints": nothing,
        "channel_values": {**nothing, "by_channel": {}},
        "pending_writes": nothing,
    }
    await client.runs.wait(thread_id, "steps", input=log("x" * 10_000))

    taken = (await http.get(f"/threads/{thread_id}/storage")).json()

    states = await client.threads.get_history(thread_id, limit=100)
    parts = [taken[part]["bytes"] for part in ("checkpoints", "channel_values", "pending_writes")]
    assert taken["total_bytes"] == sum(parts)
    assert taken["checkpoints"]["count"] == len(states)
    stored = sum("x" * 10_000 in json.dumps(state["values"]) for state in states)
    assert stored * 10_000 < taken["channel_values"]["by_channel"]["log"]["bytes"] < stored * 10_100
    assert (await http.get("/threads/01a1f885-0830-772e-8d96-040c354ac1f6/storage")).status_code == 404
