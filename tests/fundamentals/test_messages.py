"""What was said on a thread, read over HTTP: flat, in pages, and run by run."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.gate import Gate

UNKNOWN = "01a1f885-0830-772e-8d96-040c354ac1f6"


def said(*texts: str) -> dict[str, Any]:
    """An input of human messages, after which a model is called once."""
    return {"messages": [{"role": "user", "content": text} for text in texts], "calls": [{"input": 3, "output": 2}]}


def texts(rows: list[dict[str, Any]]) -> list[str]:
    return [row["content"]["content"] for row in rows]


@pytest.fixture
async def turns(client: LangGraphClient, thread_id: str) -> list[str]:
    """Three runs on the thread; their ids."""
    for number in range(3):
        await client.runs.wait(thread_id, "spends", input=said(f"question {number}"))
    return [run["run_id"] for run in await client.runs.list(thread_id)][::-1]


async def test_the_messages_of_all_runs_are_one_list(http: httpx.AsyncClient, thread_id: str, turns: list[str]) -> None:
    """Each row says which run it is of, where it stands in the thread's log, and what was said."""
    rows = (await http.get(f"/threads/{thread_id}/messages")).json()

    assert texts(rows) == ["question 0", "Done", "question 1", "Done", "question 2", "Done"]
    assert [row["run_id"] for row in rows] == [run_id for run_id in turns for _ in range(2)]
    assert [row["event_type"] for row in rows] == ["human_message", "ai_message"] * 3
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert rows[1] == {
        "thread_id": thread_id,
        "run_id": turns[0],
        "seq": rows[1]["seq"],
        "event_type": "ai_message",
        "category": "message",
        "content": rows[1]["content"],
        "metadata": rows[1]["metadata"],
        "created_at": rows[1]["created_at"],
        "feedback": None,
    }
    assert rows[1]["metadata"]["usage"]["total_tokens"] == 5
    assert rows[1]["metadata"]["model"] == "small"


async def test_a_client_scrolls_back_page_by_page(http: httpx.AsyncClient, thread_id: str, turns: list[str]) -> None:
    """The newest come first; `next_before_seq` says where to go on, and is null at the beginning."""
    path = f"/threads/{thread_id}/messages/page?limit=4"
    newest = (await http.get(path)).json()
    assert texts(newest["data"]) == ["question 1", "Done", "question 2", "Done"]
    assert (newest["has_more"], newest["next_before_seq"]) == (True, newest["data"][0]["seq"])

    oldest = (await http.get(f"{path}&before_seq={newest['next_before_seq']}")).json()
    assert texts(oldest["data"]) == ["question 0", "Done"]
    assert (oldest["has_more"], oldest["next_before_seq"]) == (False, None)


async def test_a_client_asks_for_what_is_new(http: httpx.AsyncClient, thread_id: str, turns: list[str]) -> None:
    path = f"/api/threads/{thread_id}/messages"
    rows = (await http.get(f"{path}?limit=3&after_seq=0")).json()
    assert texts(rows) == ["question 0", "Done", "question 1"]

    rows = (await http.get(f"{path}?after_seq={rows[-1]['seq']}")).json()
    assert texts(rows) == ["Done", "question 2", "Done"]
    assert (await http.get(f"{path}?after_seq={rows[-1]['seq']}")).json() == []


async def test_a_run_tells_its_own_messages(http: httpx.AsyncClient, thread_id: str, turns: list[str]) -> None:
    path = f"/threads/{thread_id}/runs/{turns[1]}/messages"

    page = (await http.get(path)).json()
    assert (texts(page["data"]), page["has_more"]) == (["question 1", "Done"], False)

    page = (await http.get(f"{path}?limit=1")).json()
    assert (texts(page["data"]), page["has_more"]) == (["Done"], True)


async def test_what_a_run_that_was_rolled_back_said_is_gone(
    client: LangGraphClient, http: httpx.AsyncClient, thread_id: str, gate: Gate
) -> None:
    run = await client.runs.create(thread_id, "spends", input=said("never mind"), context=gate.context)
    await gate.reached()
    await client.runs.cancel(thread_id, run["run_id"], wait=True, action="rollback")

    assert (await http.get(f"/threads/{thread_id}/messages")).json() == []
    answer = await http.get(f"/threads/{thread_id}/runs/{run['run_id']}/messages")
    assert answer.json() == {"data": [], "has_more": False}


async def test_threads_and_runs_that_nobody_knows_are_not_found(
    http: httpx.AsyncClient, thread_id: str, turns: list[str]
) -> None:
    other = (await http.post("/threads", json={})).json()["thread_id"]
    for path in (
        f"/threads/{UNKNOWN}/messages",
        f"/threads/{UNKNOWN}/messages/page",
        f"/threads/{thread_id}/runs/{UNKNOWN}/messages",
        f"/threads/{other}/runs/{turns[0]}/messages",
    ):
        assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "before_seq=-1", "after_seq=1.5"])
async def test_a_page_has_between_1_and_200_messages(http: httpx.AsyncClient, thread_id: str, query: str) -> None:
    answer = await http.get(f"/threads/{thread_id}/messages?{query}")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(query.partition("=")[0])
