"""What people think of runs: one opinion of each, which they may change and take back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langgraph_sdk.client import LangGraphClient

from fundamentals.test_messages import UNKNOWN, said


@pytest.fixture
async def run(client: LangGraphClient, thread_id: str) -> str:
    """The path of a run that has ended."""
    await client.runs.wait(thread_id, "spends", input=said("hello"))
    (run,) = await client.runs.list(thread_id)
    return f"/threads/{thread_id}/runs/{run['run_id']}"


async def put(http: httpx.AsyncClient, run: str, **opinion: Any) -> Any:
    return (await http.put(f"{run}/feedback", json=opinion)).json()


async def test_an_opinion_is_kept_changed_and_taken_back(http: httpx.AsyncClient, run: str, thread_id: str) -> None:
    first = await put(http, run, rating=1, comment="just right", message_id="m1")
    assert first == {
        "feedback_id": first["feedback_id"],
        "thread_id": thread_id,
        "run_id": run.rpartition("/")[2],
        "user_id": "",
        "rating": 1,
        "comment": "just right",
        "message_id": "m1",
        "created_at": first["created_at"],
        "updated_at": first["created_at"],
    }

    second = await put(http, run, rating=-1)
    assert (second["feedback_id"], second["rating"], second["comment"]) == (first["feedback_id"], -1, None)
    assert (await http.get(f"{run}/feedback")).json() == [second]

    gone = f"{run}/feedback/{first['feedback_id']}"
    assert (await http.delete(gone)).status_code == 204
    assert (await http.get(f"{run}/feedback")).json() == []
    answer = await http.delete(gone)
    assert (answer.status_code, answer.json()) == (404, {"detail": f"Feedback {first['feedback_id']} not found"})


async def test_opinions_are_counted(http: httpx.AsyncClient, run: str) -> None:
    await put(http, run, rating=-1)

    stats = (await http.get(f"/api{run}/feedback/stats")).json()

    assert stats == {"run_id": run.rpartition("/")[2], "total": 1, "positive": 0, "negative": 1}


async def test_it_stands_on_the_runs_last_answer(
    client: LangGraphClient, http: httpx.AsyncClient, run: str, thread_id: str
) -> None:
    """So that a chat can show thumbs without asking run by run."""
    await client.runs.wait(thread_id, "spends", input=said("and now?"))
    kept = await put(http, run, rating=1, comment="fine")

    rows = (await http.get(f"/threads/{thread_id}/messages")).json()

    brief = {"feedback_id": kept["feedback_id"], "rating": 1, "comment": "fine"}
    assert [row["feedback"] for row in rows] == [None, brief, None, None]


@pytest.mark.parametrize("rating", [0, 2, True, 1.0, "1", None])
async def test_a_rating_is_up_or_down(http: httpx.AsyncClient, run: str, rating: Any) -> None:
    answer = await http.put(f"{run}/feedback", json={"rating": rating})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("rating: ")
    assert (await http.get(f"{run}/feedback")).json() == []


async def test_runs_that_nobody_knows_are_not_found(http: httpx.AsyncClient, thread_id: str) -> None:
    path = f"/threads/{thread_id}/runs/{UNKNOWN}/feedback"

    assert (await http.put(path, json={"rating": 1})).status_code == 404
    for method, place in (("GET", path), ("GET", f"{path}/stats"), ("DELETE", f"{path}/{UNKNOWN}")):
        assert (await http.request(method, place)).status_code == 404
